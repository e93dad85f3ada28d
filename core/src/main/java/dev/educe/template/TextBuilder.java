package dev.educe.template;

import java.util.Arrays;

/// Puts a text together and keeps the origin of every character; counts before it grows.
final class TextBuilder {
  private final Meter meter;
  private final StringBuilder string = new StringBuilder();
  private int[] ends = new int[4];
  private byte[] flags = new byte[4];
  private int runs;

  TextBuilder(Meter meter) {
    this.meter = meter;
  }

  TextBuilder append(Text text) {
    return append(text, 0, text.string().length());
  }

  /// Appends a text with these flags besides its own.
  TextBuilder append(Text text, int more) {
    if (text.marks().isEmpty()) {
      return append(text.string(), more);
    }
    int from = 0;
    for (int run = 0; run < text.marks().runs(); run++) {
      int to = text.marks().end(run);
      append(text.string().substring(from, to), text.marks().flags(run) | more);
      from = to;
    }
    return this;
  }

  /// Appends a part of a text, by UTF-16 units.
  TextBuilder append(Text text, int from, int to) {
    if (from == to) {
      return this;
    }
    grow(to - from);
    var marks = text.marks();
    int base = string.length() - from;
    string.append(text.string(), from, to);
    if (marks.isEmpty()) {
      mark(string.length(), 0);
    } else {
      int run = marks.runAt(from);
      for (; marks.end(run) < to; run++) {
        mark(base + marks.end(run), marks.flags(run));
      }
      mark(string.length(), marks.flags(run));
    }
    return this;
  }

  /// Appends characters of the template's own.
  TextBuilder append(String part) {
    return append(part, 0);
  }

  /// Appends characters of one origin.
  TextBuilder append(String part, int origin) {
    if (!part.isEmpty()) {
      grow(part.length());
      string.append(part);
      mark(string.length(), origin);
    }
    return this;
  }

  /// Appends a text so many times.
  TextBuilder repeat(Text text, long times) {
    meter.text(
        Math.multiplyHigh(text.string().length(), times) != 0
            ? Long.MAX_VALUE
            : text.string().length() * times);
    for (long i = 0; i < times && !text.string().isEmpty(); i++) {
      meter.spend(1);
      append(text);
    }
    return this;
  }

  int length() {
    return string.length();
  }

  Text text() {
    return string.isEmpty() ? Text.EMPTY : Text.of(string.toString(), Marks.of(ends, flags, runs));
  }

  private void grow(int units) {
    meter.text((long) string.length() + units);
    meter.copy(units);
  }

  private void mark(int end, int origin) {
    if (runs > 0 && flags[runs - 1] == origin) {
      ends[runs - 1] = end;
      return;
    }
    if (runs == ends.length) {
      ends = Arrays.copyOf(ends, 2 * runs);
      flags = Arrays.copyOf(flags, 2 * runs);
    }
    ends[runs] = end;
    flags[runs++] = (byte) origin;
  }
}
