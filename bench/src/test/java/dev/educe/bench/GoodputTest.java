package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.cli.load.Reply;
import dev.educe.cli.load.Reply.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What counts as good while a load is at its height.
class GoodputTest {
  private static final long SECOND = 1_000_000_000L;

  private static Reply reply(long intended, long end, int tokens, Outcome outcome) {
    return new Reply(
        intended * SECOND,
        intended * SECOND,
        end * SECOND,
        end * SECOND,
        end * SECOND,
        new long[tokens - 1],
        1,
        tokens,
        outcome,
        "",
        false);
  }

  @Test
  void onlyWhatFallsBetweenTheFirstEndAndTheLastBeginningCounts() {
    var replies =
        List.of(
            reply(0, 4, 4, Outcome.DONE), // the first end
            reply(0, 8, 8, Outcome.DONE), // half of it within 4 to 10
            reply(9, 17, 16, Outcome.DONE), // an eighth
            reply(10, 11, 2, Outcome.DONE));
    assertEquals(1, Goodput.of(replies, 1e6), 1e-9);
  }

  @Test
  void whatFailedOrCameTooLateIsNotGood() {
    var replies =
        List.of(
            reply(3, 4, 4, Outcome.DONE),
            reply(5, 9, 8, Outcome.FAILED),
            reply(4, 10, 6, Outcome.DONE),
            reply(10, 11, 2, Outcome.REFUSED));
    assertEquals(1, Goodput.of(replies, 6_000), 1e-9);
    assertEquals(0, Goodput.of(replies, 5_999));
  }

  @Test
  void aLoadThatNeverWasAtItsHeightHasNone() {
    assertEquals(0, Goodput.of(List.of(reply(0, 1, 4, Outcome.DONE)), 1e6));
    assertEquals(0, Goodput.of(List.of(reply(0, 1, 4, Outcome.REFUSED)), 1e6));
  }
}
