package dev.educe.template;

/// Python's `str`: characters, and where each of them comes from.
///
/// Indexes and lengths are in code points, as in Python, unless a name says `unit`; then they are
/// UTF-16 units. Equal if the characters are. Immutable.
final class Text implements Value {
  static final Text EMPTY = new Text("", Marks.uniform(0, 0), false);

  private final String string;
  private final Marks marks;
  private final boolean isMarkup;
  private int length = -1; // code points; -1 until asked for; a race computes it twice

  private Text(String string, Marks marks, boolean isMarkup) {
    this.string = string;
    this.marks = marks;
    this.isMarkup = isMarkup;
  }

  /// A text of the template's own.
  static Text of(String string) {
    return string.isEmpty() ? EMPTY : of(string, 0);
  }

  /// A text of one origin.
  static Text of(String string, int flags) {
    return of(string, Marks.uniform(string.length(), flags));
  }

  static Text of(String string, Marks marks) {
    return new Text(string, marks, false);
  }

  /// The same, to which `+` adds others escaped only: what the filters `safe` and `escape` give.
  Text asMarkup() {
    return new Text(string, marks, true);
  }

  String string() {
    return string;
  }

  Marks marks() {
    return marks;
  }

  boolean isMarkup() {
    return isMarkup;
  }

  /// Other characters made of this text's: of its origin where the lengths agree, and else of all
  /// its origins everywhere.
  Text withString(String other) {
    if (other.equals(string)) {
      return this;
    }
    return other.length() == string.length()
        ? of(other, marks)
        : of(other, Marks.uniform(other.length(), marks.union()));
  }

  int length() {
    if (length < 0) {
      length = string.codePointCount(0, string.length());
    }
    return length;
  }

  /// The unit at which the code point of an index begins.
  int unit(int index) {
    return length() == string.length() ? index : string.offsetByCodePoints(0, index);
  }

  /// The index of the code point at a unit.
  int index(int unit) {
    return length() == string.length() ? unit : string.codePointCount(0, unit);
  }

  /// A part, by units.
  Text units(int from, int to) {
    if (from == 0 && to == string.length()) {
      return this;
    }
    String part = string.substring(from, to);
    if (part.isEmpty()) {
      return EMPTY;
    }
    int first = marks.runAt(from);
    if (marks.isEmpty() || to <= marks.end(first)) {
      return of(part, marks.isEmpty() ? 0 : marks.flags(first));
    }
    int count = marks.runAt(to - 1) - first + 1;
    var ends = new int[count];
    var flags = new byte[count];
    for (int i = 0; i < count; i++) {
      ends[i] = Math.min(marks.end(first + i), to) - from;
      flags[i] = (byte) marks.flags(first + i);
    }
    return of(part, Marks.of(ends, flags, count));
  }

  /// A part, by code points.
  Text part(int from, int to) {
    return units(unit(from), unit(to));
  }

  /// The code point at an index, as a text.
  Text at(int index) {
    return part(index, index + 1);
  }

  @Override
  public String typeName() {
    return "str";
  }

  @Override
  public boolean isTrue() {
    return !string.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Text that && string.equals(that.string);
  }

  @Override
  public int hashCode() {
    return string.hashCode();
  }

  @Override
  public String toString() {
    return string;
  }
}
