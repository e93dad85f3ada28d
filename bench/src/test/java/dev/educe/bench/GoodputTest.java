package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.cli.load.Reply;
import dev.educe.cli.load.Reply.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What counts as good while a load is at its height.
class GoodputTest {
  private static final long SECOND = 1_000_000_000L;

  /// A token each second, the last of them at the end.
  private static Reply reply(long intended, long end, int tokens, Outcome outcome) {
    var gaps = new long[tokens - 1];
    Arrays.fill(gaps, SECOND);
    return new Reply(
        intended * SECOND,
        intended * SECOND,
        (end - tokens + 1) * SECOND,
        end * SECOND,
        end * SECOND,
        gaps,
        1,
        tokens,
        outcome,
        "",
        false);
  }

  @Test
  void onlyWhatComesBetweenTheFirstEndAndTheLastBeforeTheLastBeginningCounts() {
    var replies =
        List.of(
            reply(0, 4, 4, Outcome.DONE), // the first end
            reply(0, 6, 4, Outcome.DONE), // two of them after 4
            reply(0, 9, 3, Outcome.DONE), // the last end before 10
            reply(9, 17, 9, Outcome.DONE), // one until 9
            reply(10, 11, 2, Outcome.DONE));
    assertEquals((2 + 3 + 1) / 5.0, Goodput.of(replies, 1e6), 1e-9);
  }

  @Test
  void whatWaitedLongCountsAsWhatDidNot() {
    var waited = List.of(reply(0, 4, 4, Outcome.DONE), reply(0, 9, 5, Outcome.DONE));
    var came = List.of(reply(0, 4, 4, Outcome.DONE), reply(4, 9, 5, Outcome.DONE));
    var last = reply(9, 12, 1, Outcome.REFUSED);
    assertEquals(1, Goodput.of(List.of(waited.get(0), waited.get(1), last), 1e6), 1e-9);
    assertEquals(1, Goodput.of(List.of(came.get(0), came.get(1), last), 1e6), 1e-9);
  }

  @Test
  void anAnswerInPiecesOfSeveralTokensCountsByItsTokens() {
    var pieces =
        new Reply(
            0,
            0,
            6 * SECOND,
            8 * SECOND,
            8 * SECOND,
            new long[] {2 * SECOND},
            1,
            8,
            Outcome.DONE,
            "",
            false);
    var replies = List.of(reply(0, 4, 4, Outcome.DONE), pieces, reply(8, 12, 1, Outcome.REFUSED));
    assertEquals(8 / 4.0, Goodput.of(replies, 1e6), 1e-9);
  }

  @Test
  void whatFailedOrCameTooLateIsNotGood() {
    var replies =
        List.of(
            reply(3, 4, 2, Outcome.DONE),
            reply(5, 9, 4, Outcome.FAILED),
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
