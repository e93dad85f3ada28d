package dev.educe.template.reply;

/// Takes a strict JSON string, quotes and all, and passes the text that it stands for.
final class Unquoting implements CharSink {
  private final CharSink out;
  private boolean escaped;
  private int hexDigits;
  private int unit;

  Unquoting(CharSink out) {
    this.out = out;
  }

  /// The text that a JSON string stands for.
  static String text(CharSequence json) {
    var text = new StringBuilder();
    new Unquoting(text::append).accept(json);
    return text.toString();
  }

  @Override
  public void accept(char c) {
    if (hexDigits > 0) {
      unit = unit * 16 + Character.digit(c, 16);
      if (--hexDigits == 0) {
        out.accept((char) unit);
      }
    } else if (escaped) {
      escaped = false;
      escape(c);
    } else if (c == '\\') {
      escaped = true;
    } else if (c != '"') {
      out.accept(c);
    }
  }

  private void escape(char c) {
    switch (c) {
      case 'b' -> out.accept('\b');
      case 'f' -> out.accept('\f');
      case 'n' -> out.accept('\n');
      case 'r' -> out.accept('\r');
      case 't' -> out.accept('\t');
      case 'u' -> {
        hexDigits = 4;
        unit = 0;
      }
      default -> out.accept(c);
    }
  }
}
