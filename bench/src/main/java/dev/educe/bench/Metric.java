package dev.educe.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// One thing that is compared, and what each peer came to.
///
/// @param higherIsBetter whether more is better
record Metric(String title, String unit, boolean higherIsBetter, List<Entry> entries) {
  private static final double MEGABYTE = 1e6;

  /// One peer.
  ///
  /// @param threads its best number; empty if nothing worked
  /// @param values empty if nothing worked
  /// @param ratio Educe's value divided by this one's; empty for Educe itself
  /// @param sweep the first value of each number of threads that was tried
  record Entry(
      String peer,
      OptionalInt threads,
      Optional<Series> values,
      Optional<Series> ratio,
      Map<Integer, Double> sweep,
      List<String> failures) {}

  /// Each test in turn, and last the memory of the first one.
  static List<Metric> of(Map<String, Map<Test, Trials>> trials, Workload load) {
    var metrics = new ArrayList<Metric>();
    for (var test : Test.values()) {
      metrics.add(of(trials, test, test.title(load)));
    }
    metrics.add(memory(trials));
    return metrics;
  }

  private static Metric of(Map<String, Map<Test, Trials>> trials, Test test, String title) {
    var educe = Optional.ofNullable(trials.get(EducePeer.NAME)).map(tests -> tests.get(test));
    var entries = new ArrayList<Entry>();
    trials.forEach((peer, tests) -> {
      var its = tests.get(test);
      entries.add(
          new Entry(
              peer,
              its.bestThreads(),
              its.values(),
              educe.filter(own -> own != its).flatMap(own -> own.ratio(its)),
              its.sweep(),
              its.failures()));
    });
    return new Metric(title, test.unit(), test.isRate(), entries);
  }

  /// Peaks hardly vary, so that their medians are divided, not each round's.
  private static Metric memory(Map<String, Map<Test, Trials>> trials) {
    var own = Optional.ofNullable(trials.get(EducePeer.NAME)).flatMap(Metric::peaks);
    var entries = new ArrayList<Entry>();
    trials.forEach((peer, tests) -> {
      var peaks = peaks(tests);
      boolean isOwn = peer.equals(EducePeer.NAME);
      var ratio =
          isOwn || peaks.isEmpty()
              ? Optional.<Series>empty()
              : own.map(mine -> Series.of(mine.median() / peaks.get().median()));
      var threads = tests.get(Test.PROMPT).bestThreads();
      entries.add(new Entry(peer, threads, peaks, ratio, Map.of(), List.of()));
    });
    return new Metric("peak memory", "MB", false, entries);
  }

  private static Optional<Series> peaks(Map<Test, Trials> tests) {
    return tests
        .get(Test.PROMPT)
        .peaks()
        .map(peaks -> Series.of(Arrays.stream(peaks.sorted()).map(x -> x / MEGABYTE).toArray()));
  }

  /// What Educe came to, if it did.
  Optional<Series> ownValues() {
    return entries.stream()
        .filter(entry -> entry.peer().equals(EducePeer.NAME))
        .findFirst()
        .flatMap(Entry::values);
  }
}
