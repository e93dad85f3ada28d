package dev.educe.optimize.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class PieceTrainerTest {
  /// The example of the paper, section 3.2: after `es`, `est` and `lo`, `low` is joined.
  @Test
  void theMostFrequentPairIsJoinedFirst() {
    String text =
        "low ".repeat(5) + "lower ".repeat(2) + "newest ".repeat(6) + "widest ".repeat(3).strip();
    var pieces = PieceTrainer.learn(List.of(text.strip()), 16, piece -> !piece.contains("▁"));
    assertEquals(List.of("es", "est", "lo", "low"), pieces.subList(0, 4));
  }

  @Test
  void noPieceCrossesWordsOrLines() {
    var pieces = PieceTrainer.learn(List.of("a b\na b\na b\na b"), 50, _ -> true);
    assertEquals(
        List.of("▁b", "a", "b", "▁").stream().sorted().toList(), pieces.stream().sorted().toList());
  }

  @Test
  void piecesAreLimitedToThoseAllowed() {
    var pieces = PieceTrainer.learn(List.of("the the the then"), 50, "▁th"::startsWith);
    assertEquals(List.of("▁t", "▁th"), pieces.stream().filter(p -> p.length() > 1).toList());
  }
}
