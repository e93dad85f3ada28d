package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

class TrialsTest {
  @org.junit.jupiter.api.Test
  void theBestNumberOfThreadsIsWhatWasBestWhenAllWereTried() {
    var rate = trials(Test.DECODE, 1, 10, 2, 14);
    assertEquals(OptionalInt.of(2), rate.bestThreads());
    var seconds = trials(Test.START, 1, 10, 2, 14);
    assertEquals(OptionalInt.of(1), seconds.bestThreads());
    assertEquals(Map.of(1, 10.0, 2, 14.0), rate.sweep());
  }

  @org.junit.jupiter.api.Test
  void onlyRoundsAtTheBestNumberCount() {
    var trials = trials(Test.DECODE, 1, 10, 2, 14);
    trials.add(1, 2, new Sample(12, 0));
    assertArrayEquals(new double[] {12, 14}, trials.values().orElseThrow().sorted());
  }

  @org.junit.jupiter.api.Test
  void ratiosAreOfTheSameRound() {
    var own = trials(Test.DECODE, 2, 20, 4, 10);
    var other = trials(Test.DECODE, 1, 10, 2, 5);
    own.add(1, 2, new Sample(60, 0));
    own.add(2, 2, new Sample(99, 0));
    other.add(1, 1, new Sample(20, 0));
    assertArrayEquals(new double[] {2, 3}, own.ratio(other).orElseThrow().sorted());
  }

  @org.junit.jupiter.api.Test
  void whatNeverWorkedHasNoValuesAndSaysWhyOnce() {
    var trials = new Trials(Test.PROMPT);
    trials.fail(2, "it was ended after 60 s");
    trials.fail(2, "it was ended after 60 s");
    assertTrue(trials.values().isEmpty());
    assertTrue(trials.bestThreads().isEmpty());
    assertEquals(List.of("2 threads: it was ended after 60 s"), trials.failures());
  }

  private static Trials trials(
      Test test, int threads, double value, int otherThreads, double otherValue) {
    var trials = new Trials(test);
    trials.add(0, threads, new Sample(value, 0));
    trials.add(0, otherThreads, new Sample(otherValue, 0));
    return trials;
  }
}
