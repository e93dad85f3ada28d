package dev.educe.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// All runs of one peer in one test: by number of threads, then by round.
final class Trials {
  private final Test test;
  private final NavigableMap<Integer, NavigableMap<Integer, Sample>> samples = new TreeMap<>();
  private final List<String> failures = new ArrayList<>();

  Trials(Test test) {
    this.test = test;
  }

  void add(int round, int threads, Sample sample) {
    samples.computeIfAbsent(threads, _ -> new TreeMap<>()).put(round, sample);
  }

  /// Notes why a run gave nothing.
  void fail(int threads, String why) {
    String note = threads + (threads == 1 ? " thread: " : " threads: ") + why;
    if (!failures.contains(note)) {
      failures.add(note);
    }
  }

  Test test() {
    return test;
  }

  List<String> failures() {
    return Collections.unmodifiableList(failures);
  }

  /// The number of threads that did best in the round in which all were tried; empty if none
  /// worked.
  OptionalInt bestThreads() {
    OptionalInt best = OptionalInt.empty();
    for (int threads : samples.keySet()) {
      if (best.isEmpty() || test.isBetter(first(threads), first(best.getAsInt()))) {
        best = OptionalInt.of(threads);
      }
    }
    return best;
  }

  private double first(int threads) {
    return samples.get(threads).firstEntry().getValue().value();
  }

  /// The samples of the best number of threads, by round.
  Map<Integer, Sample> best() {
    var threads = bestThreads();
    return threads.isPresent()
        ? Collections.unmodifiableMap(samples.get(threads.getAsInt()))
        : Map.of();
  }

  /// What each number of threads gave when it was tried first.
  Map<Integer, Double> sweep() {
    var values = new TreeMap<Integer, Double>();
    samples.keySet().forEach(threads -> values.put(threads, first(threads)));
    return values;
  }

  /// The values at the best number of threads; empty if none worked.
  Optional<Series> values() {
    return series(best().values().stream().map(Sample::value).toList());
  }

  /// Peaks of memory, where the system tells.
  Optional<Series> peaks() {
    return series(
        best().values().stream()
            .filter(sample -> sample.peakBytes() > 0)
            .map(sample -> (double) sample.peakBytes())
            .toList());
  }

  /// These values divided by others, round by round, so that what slowed a round cancels out.
  Optional<Series> ratio(Trials other) {
    var quotients = new ArrayList<Double>();
    best()
        .forEach((round, sample) ->
            Optional.ofNullable(other.best().get(round))
                .ifPresent(others -> quotients.add(sample.value() / others.value())));
    return series(quotients);
  }

  private static Optional<Series> series(List<Double> values) {
    return values.isEmpty() ? Optional.empty() : Optional.of(Series.of(values));
  }
}
