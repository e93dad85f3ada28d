package dev.educe.engine;

import java.util.List;
import java.util.Optional;

/// Lets text through until a stop text appears, and holds back what may be the beginning of one.
///
/// Not thread-safe.
final class StopTexts {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private Optional<String> found = Optional.empty();

  StopTexts(List<String> stops) {
    this.stops = stops;
  }

  /// The text that is certain now that `text` has come.
  String pass(String text) {
    if (stopped()) {
      return "";
    }
    held.append(text);
    int at = findFirst();
    if (at >= 0) {
      return take(at);
    }
    return take(held.length() - possibleBeginning());
  }

  /// What was held back, once no more text comes.
  String finish() {
    return stopped() ? "" : take(held.length());
  }

  /// Whether a stop text has appeared.
  boolean stopped() {
    return found.isPresent();
  }

  /// The one that has appeared.
  Optional<String> found() {
    return found;
  }

  /// Where the stop text begins that is complete first, so that it does not matter how the text was
  /// cut into pieces; the longest of those that end at the same place.
  private int findFirst() {
    int first = -1;
    int firstEnd = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      int end = at + stop.length();
      if (at >= 0 && (end < firstEnd || (end == firstEnd && at < first))) {
        first = at;
        found = Optional.of(stop);
        firstEnd = end;
      }
    }
    return first;
  }

  /// The length of the longest end of the held text that begins a stop text.
  private int possibleBeginning() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (held.indexOf(stop.substring(0, length), held.length() - length) >= 0) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private String take(int length) {
    String taken = held.substring(0, length);
    held.delete(0, length);
    return taken;
  }
}
