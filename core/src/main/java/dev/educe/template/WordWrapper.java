package dev.educe.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Breaks a line into lines of at most some width, as Python's `textwrap` does.
final class WordWrapper {
  private final Meter meter;
  private final int width;
  private final boolean breaksWords;
  private final boolean breaksAtHyphens;

  WordWrapper(Meter meter, int width, boolean breaksWords, boolean breaksAtHyphens) {
    if (width <= 0) {
      throw new TemplateException("wordwrap needs a width above 0");
    }
    this.meter = meter;
    this.width = width;
    this.breaksWords = breaksWords;
    this.breaksAtHyphens = breaksAtHyphens;
  }

  List<Text> wrapped(Text line) {
    var lines = new ArrayList<Text>();
    Deque<Text> chunks = chunks(line);
    while (!chunks.isEmpty()) {
      if (!lines.isEmpty() && isBlank(chunks.peek())) {
        chunks.pop();
        continue;
      }
      List<Text> current = take(chunks);
      if (!current.isEmpty() && isBlank(current.getLast())) {
        current.removeLast();
      }
      if (!current.isEmpty()) {
        var text = new TextBuilder(meter);
        current.forEach(text::append);
        lines.add(text.text());
      }
    }
    return lines;
  }

  /// The chunks of one line.
  private List<Text> take(Deque<Text> chunks) {
    var current = new ArrayList<Text>();
    int length = 0;
    while (!chunks.isEmpty() && length + chunks.peek().length() <= width) {
      length += chunks.peek().length();
      current.add(chunks.pop());
    }
    if (!chunks.isEmpty() && chunks.peek().length() > width) {
      Text chunk = chunks.peek();
      int room = breaksWords ? width - length : chunk.length();
      if (breaksWords || current.isEmpty()) {
        chunks.pop();
        current.add(chunk.part(0, room));
        if (room < chunk.length()) {
          chunks.push(chunk.part(room, chunk.length()));
        }
      }
    }
    return current;
  }

  private static boolean isBlank(Text chunk) {
    return Characters.strip(chunk.string()).isEmpty();
  }

  /// Words, what is between them, and parts of words that end with a hyphen.
  private Deque<Text> chunks(Text line) {
    var chunks = new ArrayDeque<Text>();
    String string = line.string();
    int from = 0;
    for (int i = 1; i <= string.length(); i++) {
      meter.spend(1);
      boolean isEnd =
          i == string.length()
              || Characters.isSpace(string.charAt(i)) != Characters.isSpace(string.charAt(i - 1))
              || (breaksAtHyphens && isAfterHyphen(string, i));
      if (isEnd) {
        chunks.add(line.units(from, i));
        from = i;
      }
    }
    return chunks;
  }

  /// Whether a hyphen between letters ends there.
  private static boolean isAfterHyphen(String string, int at) {
    return at >= 2
        && string.charAt(at - 1) == '-'
        && Character.isLetter(string.charAt(at))
        && Characters.isWord(string.charAt(at - 2));
  }
}
