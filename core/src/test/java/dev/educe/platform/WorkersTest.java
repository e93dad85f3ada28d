package dev.educe.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.testing.Seeded;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

/// Holds the pool to its promise: every item once, and all of them done when `run` returns.
@ExtendWith(Seeded.class)
class WorkersTest {
  @Test
  void everyItemRunsOnceAndIsVisibleAfterwards(Random random) {
    // More threads than cores, so that claims are interrupted at every point.
    try (var workers = new Workers(5)) {
      var plain = new int[257];
      for (int job = 0; job < 20_000; job++) {
        int items = random.nextInt(plain.length);
        int stamp = job;
        workers.run(items, (item, _) -> plain[item] += stamp + 1);
        for (int item = 0; item < items; item++) {
          assertEquals(stamp + 1, plain[item], "item " + item + " of job " + job);
          plain[item] = 0;
        }
      }
    }
  }

  @Test
  void eachWorkerHasItsOwnNumber(Random random) {
    try (var workers = new Workers(4)) {
      var busy = new AtomicIntegerArray(4);
      for (int job = 0; job < 2_000; job++) {
        workers.run(
            32,
            (_, worker) -> {
              assertEquals(1, busy.incrementAndGet(worker), "two items at once on one worker");
              Thread.onSpinWait();
              busy.decrementAndGet(worker);
            });
      }
    }
  }

  @Test
  void theFirstFailureReachesTheCallerAndThePoolGoesOn() {
    try (var workers = new Workers(3)) {
      var planted = new IllegalArgumentException("planted");
      var thrown =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  workers.run(
                      100,
                      (item, _) -> {
                        if (item == 41) {
                          throw planted;
                        }
                      }));
      assertSame(planted, thrown);
      var sum = new AtomicIntegerArray(1);
      workers.run(100, (item, _) -> sum.addAndGet(0, item));
      assertEquals(4950, sum.get(0));
    }
  }

  @Test
  void anIdlePoolUsesNoProcessor() throws InterruptedException {
    var threads = ManagementFactory.getThreadMXBean();
    try (var workers = new Workers(3)) {
      workers.run(10, (_, _) -> {});
      Thread.sleep(100); // long enough for every spin to end
      long before = processorTime(threads);
      Thread.sleep(300);
      long used = processorTime(threads) - before;
      assertEquals(0, used, 5_000_000, "nanoseconds used while idle");
    }
  }

  private static long processorTime(java.lang.management.ThreadMXBean threads) {
    long sum = 0;
    for (var info : threads.dumpAllThreads(false, false)) {
      if (info.getThreadName().startsWith("educe-worker")) {
        sum += Math.max(0, threads.getThreadCpuTime(info.getThreadId()));
      }
    }
    return sum;
  }

  @Test
  void aClosedPoolSaysSo() {
    var workers = new Workers(2);
    workers.close();
    workers.close();
    assertThrows(IllegalStateException.class, () -> workers.run(1, (_, _) -> {}));
  }

  @Test
  void sizesOutOfRangeAreNamed() {
    var thrown = assertThrows(IllegalArgumentException.class, () -> new Workers(0));
    assertTrue(thrown.getMessage().contains("got 0"), thrown.getMessage());
    try (var workers = new Workers(1)) {
      assertThrows(
          IllegalArgumentException.class, () -> workers.run(Workers.ITEMS_MAX + 1, (_, _) -> {}));
    }
  }

  /// Of what a process with next to no memory for stacks makes, in vain, nothing is left.
  @Test
  @EnabledOnOs(OS.LINUX)
  void threadsThatWereStartedEndWhenOthersCannotBe() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "there is no prlimit");
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:disable",
                "-cp",
                System.getProperty("java.class.path"),
                Scarce.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(said.endsWith("OutOfMemoryError, 0 left, 4 then\n"), said);
  }

  /// What that process runs.
  static final class Scarce {
    private Scarce() {}

    public static void main(String[] arguments) throws Exception {
      new Workers(2).close(); // whose classes are there from now on
      long pid = ProcessHandle.current().pid();
      String size =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmSize:"))
              .findFirst()
              .orElseThrow()
              .replaceAll("\\D", "");
      long bytes = Long.parseLong(size) * 1_024 + (100 << 20);
      new ProcessBuilder("prlimit", "--pid", pid + "", "--as=" + bytes).start().waitFor();
      try (var workers = new Workers(2_000)) {
        System.out.println(workers.threads() + " threads");
      } catch (OutOfMemoryError failure) {
        System.out.print(failure.getClass().getSimpleName());
      }
      System.out.print(", " + count() + " left");
      try (var _ = new Workers(5)) {
        System.out.println(", " + count() + " then");
      }
    }

    private static long count() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().startsWith("educe-worker"))
          .count();
    }
  }
}
