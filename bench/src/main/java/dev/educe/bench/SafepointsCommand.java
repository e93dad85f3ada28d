package dev.educe.bench;

import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.platform.Machine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/// `./dev bench safepoints`: how long it takes until every thread has stopped: with a model that is
/// idle, with as many threads as it has that compute in plain Java, and with the model reading
/// prompts and writing tokens.
///
/// All take turns in one process, while a thread asks for a safepoint a thousand times a second.
/// Generated code does not stop before its call has ended; plain Java stops at once when it has a
/// core, so that it shows what the system's scheduler takes.
final class SafepointsCommand {
  private static final Set<String> VALUED = Set.of("--threads", "--rounds", "--seconds");
  private static final String EVENT = "jdk.SafepointBegin"; // lasts until all have stopped
  private static final long EVERY_NANOS = 1_000_000;
  private static final int PROMPT_TOKENS = 512;
  private static final int SEQUENCES = 16;
  private static final int TOKENS = 16;
  private static final int CONTEXT = 1_024;

  private final Path root;
  private final Path path;
  private final int threads;
  private final int rounds;
  private final Duration phase;

  private enum Load {
    IDLE,
    JAVA,
    MODEL
  }

  private record Phase(Load load, Instant from, Instant to) {}

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  SafepointsCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1) {
      throw new IllegalArgumentException("name one MODEL");
    }
    this.root = root;
    this.path = root.resolve(arguments.rest().getFirst());
    this.threads = arguments.number("--threads", Machine.physicalCores());
    this.rounds = arguments.number("--rounds", 3);
    this.phase = Duration.ofSeconds(arguments.number("--seconds", 7));
  }

  void run() throws IOException, InterruptedException {
    System.out.println(MachineDescription.read(root).line());
    var options =
        LoadOptions.defaults()
            .withThreads(threads)
            .withContextLength(CONTEXT)
            .withSequences(SEQUENCES);
    try (var model = Model.load(path, options);
        var recording = new Recording()) {
      System.out.println(model.summary());
      work(model); // the code warms up
      recording.enable(EVENT).withThreshold(Duration.ZERO).withoutStackTrace();
      recording.start();
      var asking = Thread.ofPlatform().name("safepoints").daemon().start(SafepointsCommand::ask);
      var phases = new ArrayList<Phase>();
      for (int round = 0; round < rounds; round++) {
        for (Load load : Load.values()) {
          Instant from = Instant.now();
          switch (load) {
            case IDLE -> Thread.sleep(phase);
            case JAVA -> compute();
            case MODEL -> {
              while (isDuring(from)) {
                work(model);
              }
            }
          }
          phases.add(new Phase(load, from, Instant.now()));
        }
      }
      asking.interrupt();
      asking.join();
      report(phases, events(recording));
    }
  }

  private boolean isDuring(Instant from) {
    return Duration.between(from, Instant.now()).compareTo(phase) < 0;
  }

  private void compute() throws InterruptedException {
    Instant from = Instant.now();
    var computing = new ArrayList<Thread>();
    for (int i = 0; i < threads; i++) {
      computing.add(
          Thread.ofPlatform()
              .start(() -> {
                var random = new SplittableRandom(1);
                while (isDuring(from)) {
                  random.ints(10_000).max();
                }
              }));
    }
    for (Thread thread : computing) {
      thread.join();
    }
  }

  private static void work(Model model) {
    model.measure(PROMPT_TOKENS, 1, TOKENS);
    model.measure(0, SEQUENCES, TOKENS);
  }

  /// Looking for deadlocks stops all threads.
  private static void ask() {
    var threads = ManagementFactory.getThreadMXBean();
    while (!Thread.interrupted()) {
      threads.findDeadlockedThreads();
      LockSupport.parkNanos(EVERY_NANOS);
    }
  }

  private static List<RecordedEvent> events(Recording recording) throws IOException {
    Path file = Files.createTempFile("safepoints", ".jfr");
    try {
      recording.dump(file);
      return RecordingFile.readAllEvents(file);
    } finally {
      Files.delete(file);
    }
  }

  private static void report(List<Phase> phases, List<RecordedEvent> events) {
    System.out.printf(
        "%-12s %10s %12s %12s %12s %12s%n",
        "microseconds", "safepoints", "p50", "p99", "p99.9", "longest");
    for (Load load : Load.values()) {
      show(load.name().toLowerCase(Locale.ROOT), series(phases, events, load));
    }
  }

  private static void show(String name, Series micros) {
    System.out.printf(
        "%-12s %,10d %12.1f %12.1f %12.1f %12.1f%n",
        name, micros.count(), micros.at(0.5), micros.at(0.99), micros.at(0.999), micros.greatest());
  }

  private static Series series(List<Phase> phases, List<RecordedEvent> events, Load load) {
    return Series.of(
        events.stream()
            .filter(event -> event.getEventType().getName().equals(EVENT))
            .filter(event ->
                phases.stream()
                    .anyMatch(each ->
                        each.load() == load
                            && event.getStartTime().isAfter(each.from())
                            && event.getEndTime().isBefore(each.to())))
            .map(event -> event.getDuration().toNanos() / 1e3)
            .toList());
  }
}
