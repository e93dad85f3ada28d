package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.testing.Seeded;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Cuts texts into random pieces: what comes out never depends on where they were cut.
@ExtendWith(Seeded.class)
class StopTextsTest {
  @Test
  void whatComesOutIsTheTextBeforeTheFirstStop(Random random) {
    for (int round = 0; round < 20_000; round++) {
      String text = letters(random, random.nextInt(30));
      List<String> stops =
          List.of(letters(random, 1 + random.nextInt(4)), letters(random, 1 + random.nextInt(4)));
      var gate = new StopTexts(stops);
      var out = new StringBuilder();
      for (int from = 0; from < text.length() && !gate.stopped(); ) {
        int to = Math.min(text.length(), from + 1 + random.nextInt(4));
        out.append(gate.pass(text.substring(from, to)));
        from = to;
      }
      out.append(gate.finish());
      assertEquals(beforeStop(text, stops), out.toString(), text + " with stops " + stops);
    }
  }

  /// The text before the stop that is complete first, the longest of those that end there.
  private static String beforeStop(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String seen = text.substring(0, end);
      var longest = stops.stream().filter(seen::endsWith).mapToInt(String::length).max();
      if (longest.isPresent()) {
        return seen.substring(0, end - longest.getAsInt());
      }
    }
    return text;
  }

  private static String letters(Random random, int length) {
    var letters = new StringBuilder();
    for (int i = 0; i < length; i++) {
      letters.append((char) ('a' + random.nextInt(2)));
    }
    return letters.toString();
  }

  @Test
  void nothingIsHeldBackLongerThanNeeded() {
    var gate = new StopTexts(List.of("END"));
    assertEquals("abc", gate.pass("abcE"));
    assertEquals("", gate.pass("N"));
    assertEquals("ENE", gate.pass("EX").substring(0, 3));
  }

  @Test
  void withoutStopsEverythingPasses() {
    var gate = new StopTexts(List.of());
    assertEquals("text", gate.pass("text"));
    assertEquals("", gate.finish());
  }
}
