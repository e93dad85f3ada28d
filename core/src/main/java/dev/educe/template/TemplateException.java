package dev.educe.template;

/// Says what is wrong with a template, or with what it was given, and on which line: the only
/// failure that parsing or rendering can cause.
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final String sentence;

  /// Where the line is not known yet; who runs the template adds it.
  TemplateException(String sentence) {
    this(sentence, 0);
  }

  TemplateException(String sentence, int line) {
    super(line == 0 ? sentence : "line " + line + ": " + sentence);
    this.sentence = sentence;
    this.line = line;
  }

  /// The same, on a line, unless it knows its own.
  TemplateException atLine(int where) {
    if (line != 0) {
      return this;
    }
    var located = new TemplateException(sentence, where);
    located.setStackTrace(getStackTrace());
    return located;
  }

  /// The line of the template, from 1; 0 where none is to blame.
  public int line() {
    return line;
  }

  /// The message without the line: for `raise_exception`, exactly what the template says.
  public String sentence() {
    return sentence;
  }
}
