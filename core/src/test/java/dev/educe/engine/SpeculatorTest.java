package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.backend.Batch;
import dev.educe.cache.PagePool;
import dev.educe.cache.PrefixKey;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How many guesses are computed, on a clock that only steps and guesses move.
class SpeculatorTest {
  private static final long MILLI = 1_000_000;
  private static final int TOKENS = 600;

  private final PagePool pool = new PagePool(400, 16);
  private final SimulatedClock clock = new SimulatedClock();

  /// Says the tokens of a text from a moment on, and others before.
  private final class Teller implements Drafter {
    List<Integer> text = List.of();
    int truthFrom;
    double guessNanos;
    int asked;

    @Override
    public void draft(List<Draft> drafts) {
      asked++;
      for (Draft draft : drafts) {
        int next = draft.count() - 1;
        for (; draft.guessed() < draft.wanted() && next < text.size(); next++) {
          draft.add((text.get(next) + (next < truthFrom ? 1 : 0)) % SimulatedExecutor.VOCABULARY);
          clock.advance((long) guessNanos);
        }
      }
    }

    @Override
    public double guessNanos() {
      return guessNanos;
    }
  }

  /// What a text took, and its tokens.
  private record Written(List<Integer> tokens, long nanos, Usage usage) {}

  private final Teller teller = new Teller();

  /// Writes so many texts at once.
  ///
  /// @param rowNanos what a row adds to a step of 5 milliseconds
  private Written write(Drafter drafter, int sequences, long rowNanos) {
    var executor =
        new SimulatedExecutor(pool, 64, 64, Integer.MAX_VALUE, _ -> 7, clock, 5 * MILLI, rowNanos);
    var stepper =
        new Stepper(
            executor,
            new Candidates(SimulatedExecutor.VOCABULARY),
            Speculation.of(drafter),
            EngineOptions.of(TOKENS + 1, 32),
            clock,
            Meter.NONE);
    var tokens = new ArrayList<Integer>();
    var usage = new Usage[1];
    long start = clock.nanos();
    for (int i = 0; i < sequences; i++) {
      var key = new PrefixKey("", "model", "", "F16", 1);
      var listener =
          new Listener() {
            @Override
            public void token(Event.Token token) {
              if (usage[0] == null && tokens.size() < TOKENS && sequences == 1) {
                tokens.add(token.id());
              }
            }

            @Override
            public void ended(Ended ended) {
              usage[0] = ended.usage();
            }
          };
      var work =
          Work.of(new int[1], TOKENS / sequences, key, new Sampler(Sampling.greedy(), 0), listener);
      stepper.add(work, stepper.admission().admit(work, clock.nanos()));
    }
    while (stepper.step()) {
      stepper.scheduler().checkIntegrity();
    }
    stepper.tree().evict(Integer.MAX_VALUE);
    assertEquals(pool.pages(), pool.freePages());
    return new Written(tokens, clock.nanos() - start, usage[0]);
  }

  @Test
  void trueGuessesSaveMostSteps() {
    var plain = write(Drafter.NONE, 1, MILLI / 10);
    teller.text = plain.tokens();
    var guessed = write(teller, 1, MILLI / 10);
    assertEquals(plain.tokens(), guessed.tokens());
    double gain = (double) plain.nanos() / guessed.nanos();
    assertTrue(gain > 6, gain + " times as fast");
  }

  @Test
  void falseGuessesAreSoonNotComputedAnyMore() {
    var plain = write(Drafter.NONE, 1, MILLI / 2);
    teller.text = plain.tokens();
    teller.truthFrom = TOKENS;
    var guessed = write(teller, 1, MILLI / 2);
    assertEquals(plain.tokens(), guessed.tokens());
    assertTrue(guessed.usage().draftedTokens() < 40, guessed.usage()::toString);
    assertTrue(guessed.nanos() < 1.05 * plain.nanos());
  }

  @Test
  void whoBecomesTrueIsTrustedAgain() {
    var plain = write(Drafter.NONE, 1, MILLI / 2);
    teller.text = plain.tokens();
    for (double guessNanos : new double[] {0, MILLI / 4}) {
      teller.guessNanos = guessNanos;
      teller.truthFrom = TOKENS / 3;
      var guessed = write(teller, 1, MILLI / 2);
      assertEquals(plain.tokens(), guessed.tokens());
      int kept = guessed.usage().draftedTokens() - guessed.usage().rejectedTokens();
      assertTrue(kept > TOKENS / 4, guessed.usage()::toString);
    }
  }

  @Test
  void aDrafterThatCostsTooMuchIsSeldomAsked() {
    var plain = write(Drafter.NONE, 1, MILLI / 2);
    teller.text = plain.tokens();
    teller.guessNanos = 6 * MILLI;
    var guessed = write(teller, 1, MILLI / 2);
    assertEquals(plain.tokens(), guessed.tokens());
    assertTrue(teller.asked > 3 && teller.asked < TOKENS / 20, teller.asked + " times");
    assertTrue(guessed.nanos() < 1.06 * plain.nanos());
  }

  @Test
  void aFullStepHasNoGuesses() {
    teller.text = write(Drafter.NONE, 1, 5 * MILLI).tokens();
    teller.truthFrom = TOKENS / 2;
    var plain = write(Drafter.NONE, 24, 5 * MILLI);
    var guessed = write(teller, 24, 5 * MILLI);
    assertTrue(guessed.nanos() < 1.05 * plain.nanos(), guessed.usage()::toString);
  }

  /// A model whose numbers end where a guess is wrong.
  @Test
  void aGuessThatBreaksTheNumbersBreaksNothing() {
    var plain = write(Drafter.NONE, 1, MILLI);
    var executor =
        new SimulatedExecutor(pool, 64, 64, Integer.MAX_VALUE, _ -> 7, clock, MILLI, MILLI) {
          @Override
          public void forward(Batch batch) {
            super.forward(batch);
            for (int token = 1; token < batch.tokens(); token++) {
              batch.fail(token, "planted");
            }
          }
        };
    teller.text = plain.tokens();
    var stepper =
        new Stepper(
            executor,
            new Candidates(SimulatedExecutor.VOCABULARY),
            Speculation.of(teller),
            EngineOptions.of(TOKENS + 1, 32),
            clock,
            Meter.NONE);
    var queue = new EventQueue(TOKENS, () -> {});
    var key = new PrefixKey("", "model", "", "F16", 1);
    var work = Work.of(new int[1], 20, key, new Sampler(Sampling.greedy(), 0), queue);
    var sequence = stepper.add(work, stepper.admission().admit(work, clock.nanos()));
    while (stepper.step()) {}
    assertEquals(21, sequence.count);
    assertEquals(
        plain.tokens().subList(0, 20), Arrays.stream(sequence.tokens, 1, 21).boxed().toList());
  }

  @Test
  void theLongestWayBackCountsAndThenTheLatest() {
    assertEquals(-1, Ngrams.continuation(new int[] {1, 2, 3}, 3));
    assertEquals(-1, Ngrams.continuation(new int[] {1, 3, 2, 3}, 4));
    assertEquals(2, Ngrams.continuation(new int[] {1, 2, 9, 1, 2}, 5));
    assertEquals(5, Ngrams.continuation(new int[] {1, 2, 9, 1, 2, 8, 1, 2}, 8));
    assertEquals(3, Ngrams.continuation(new int[] {5, 1, 2, 9, 1, 2, 8, 5, 1, 2}, 10));
    assertEquals(-1, Ngrams.continuation(new int[] {1}, 1));
  }

  @Test
  void timesAreEstimatedBetweenThoseMeasured() {
    var times = new StepTimes();
    assertTrue(times.of(8) > times.of(1));
    assertTrue(times.of(8) < 2 * times.of(1));
    for (int i = 0; i < 20; i++) {
      times.measured(2, 200);
      times.measured(6, 400);
    }
    assertArrayEquals(
        new double[] {100, 200, 300, 400, 412},
        new double[] {times.of(1), times.of(2), times.of(4), times.of(6), times.of(7)},
        1e-9);
    for (int i = 0; i < 5_000; i++) {
      times.measured(2, 200);
    }
    assertTrue(times.of(6) < 300, "what was not seen for long is tried again");
    assertFalse(times.of(6) <= times.of(2));
  }

  @Test
  void numbersOutOfRangeAreNamed() {
    for (int guesses : new int[] {0, 64}) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> new Speculation(Drafter.NONE, guesses, true));
      assertEquals("guessesMax must be 1 to 63, got " + guesses, refused.getMessage());
    }
  }
}
