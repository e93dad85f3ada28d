package dev.educe.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Splits a text as Python does.
final class Splitter {
  private final Meter meter;
  private final Text text;
  private final String string;
  private final int splitsMax;
  private final List<Value> parts = new ArrayList<>();

  Splitter(Meter meter, Text text, int splitsMax) {
    this.meter = meter;
    this.text = text;
    this.string = text.string();
    this.splitsMax = splitsMax;
  }

  List<Value> parts(String separator) {
    meter.search(string.length(), separator.length());
    int from = 0;
    int at = string.indexOf(separator);
    while (at >= 0 && parts.size() < splitsMax) {
      add(from, at);
      from = at + separator.length();
      at = string.indexOf(separator, from);
    }
    return add(from, string.length());
  }

  List<Value> partsFromEnd(String separator) {
    meter.search(string.length(), separator.length());
    int to = string.length();
    int at = string.lastIndexOf(separator);
    while (at >= 0 && parts.size() < splitsMax) {
      add(at + separator.length(), to);
      to = at;
      at = string.lastIndexOf(separator, to - separator.length());
    }
    add(0, to);
    Collections.reverse(parts);
    return parts;
  }

  /// What stands between white space; the last part has all that remains, spaces included.
  List<Value> words() {
    int from = skipSpaces(0);
    while (from < string.length()) {
      if (parts.size() == splitsMax) {
        return add(from, string.length());
      }
      int to = from;
      while (to < string.length() && !Characters.isSpace(string.charAt(to))) {
        to++;
      }
      add(from, to);
      from = skipSpaces(to);
    }
    return parts;
  }

  List<Value> wordsFromEnd() {
    int to = Characters.stripEnd(string, 0, string.length());
    while (to > 0) {
      if (parts.size() == splitsMax) {
        add(0, to);
        break;
      }
      int from = to;
      while (from > 0 && !Characters.isSpace(string.charAt(from - 1))) {
        from--;
      }
      add(from, to);
      to = Characters.stripEnd(string, 0, from);
    }
    Collections.reverse(parts);
    return parts;
  }

  List<Value> lines(boolean keepsEnds) {
    int from = 0;
    for (int i = 0; i < string.length(); i++) {
      if (Characters.isLineEnd(string.charAt(i))) {
        int after = string.startsWith("\r\n", i) ? i + 2 : i + 1;
        add(from, keepsEnds ? after : i);
        from = after;
        i = after - 1;
      }
    }
    return from < string.length() ? add(from, string.length()) : parts;
  }

  private int skipSpaces(int from) {
    int at = from;
    while (at < string.length() && Characters.isSpace(string.charAt(at))) {
      at++;
    }
    return at;
  }

  private List<Value> add(int from, int to) {
    meter.spend(1);
    parts.add(text.units(from, to));
    return parts;
  }
}
