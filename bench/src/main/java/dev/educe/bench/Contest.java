package dev.educe.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// Runs peers in turn: each test by all of them before the next, round after round.
///
/// The first round tries every number of threads, since some peers collapse where threads that spin
/// share cores; later rounds keep to what was best for the peer and the test.
final class Contest {
  private final List<Peer> peers;
  private final List<Integer> threads;
  private final Workload load;
  private final Consumer<String> progress;
  private final Map<String, Map<Test, Trials>> trials = new LinkedHashMap<>();

  /// @param progress is told each run
  Contest(List<Peer> peers, List<Integer> threads, Workload load, Consumer<String> progress) {
    this.peers = List.copyOf(peers);
    this.threads = List.copyOf(threads);
    this.load = load;
    this.progress = progress;
    for (var peer : peers) {
      var tests = new EnumMap<Test, Trials>(Test.class);
      for (var test : Test.values()) {
        tests.put(test, new Trials(test));
      }
      trials.put(peer.name(), tests);
    }
  }

  void run(int rounds) throws IOException, InterruptedException {
    for (int round = 0; round < rounds; round++) {
      progress.accept("round %d of %d".formatted(round + 1, rounds));
      var order = new ArrayList<>(peers);
      // Nobody is always the one who comes after the same other.
      Collections.rotate(order, -round);
      for (var test : Test.values()) {
        for (int count : round == 0 ? threads : List.of(0)) {
          for (var peer : order) {
            var best = trials.get(peer.name()).get(test).bestThreads();
            int wanted = round == 0 ? count : best.orElse(0);
            if (wanted > 0 && peer.offers(test)) {
              run(peer, test, round, wanted);
            }
          }
        }
      }
    }
  }

  private void run(Peer peer, Test test, int round, int count)
      throws IOException, InterruptedException {
    var kept = trials.get(peer.name()).get(test);
    String said;
    try {
      var sample = peer.run(test, count);
      kept.add(round, count, sample);
      said = String.format(Locale.ROOT, "%.2f %s", sample.value(), test.unit());
    } catch (PeerFailedException e) {
      kept.fail(count, e.getMessage());
      said = e.getMessage();
    }
    progress.accept(
        "  %s, %s, %d %s: %s"
            .formatted(
                test.title(load), peer.name(), count, count == 1 ? "thread" : "threads", said));
  }

  /// What each peer, by name, gave in each test.
  Map<String, Map<Test, Trials>> trials() {
    return Collections.unmodifiableMap(trials);
  }
}
