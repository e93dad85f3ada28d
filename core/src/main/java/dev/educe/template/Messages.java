package dev.educe.template;

/// Foreign names and values in the sentences of failures: short, and on one line.
final class Messages {
  private static final int CHARACTERS_MAX = 80;

  private Messages() {}

  static String shortened(String text) {
    String line = text.replace('\n', ' ');
    return line.length() <= CHARACTERS_MAX ? line : line.substring(0, CHARACTERS_MAX) + "…";
  }

  /// A value as Python shows it; only the type of what may be large.
  static String shown(Value value) {
    return switch (value) {
      case Text text when text.string().length() <= CHARACTERS_MAX -> Repr.quoted(text.string());
      case Int number when number.value().bitLength() < 256 -> number.value().toString();
      case Real number -> Numbers.text(number.value());
      case Bool truth -> truth.isTrue() ? "True" : "False";
      case None _ -> "None";
      default -> "of type " + value.typeName();
    };
  }
}
