package dev.educe.template.reply;

/// Takes text one character at a time.
@FunctionalInterface
interface CharSink {
  void accept(char c);

  /// Takes all of them.
  default void accept(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      accept(text.charAt(i));
    }
  }

  /// Takes what stands for `c` within a JSON string.
  default void acceptQuoted(char c) {
    switch (c) {
      case '"', '\\' -> accept("\\" + c);
      case '\n' -> accept("\\n");
      case '\r' -> accept("\\r");
      case '\t' -> accept("\\t");
      default -> {
        if (c < ' ') {
          accept("\\u%04x".formatted((int) c));
        } else {
          accept(c);
        }
      }
    }
  }
}
