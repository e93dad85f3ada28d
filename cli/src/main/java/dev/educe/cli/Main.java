package dev.educe.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Where the process begins and ends.
public final class Main {
  /// How long Ctrl-C waits for the command to end by itself.
  private static final long PATIENCE_MILLIS = 2_000;

  private Main() {}

  /// Runs one command and ends the process with its exit code.
  public static void main(String[] arguments) {
    var console = Console.standard();
    var ended = new CountDownLatch(1);
    endOnSignal(Thread.currentThread(), ended);
    int code = EduceCommand.run(console, arguments);
    ended.countDown();
    System.exit(code);
  }

  /// On Ctrl-C interrupts the command and lets it finish its line; the JVM then exits with 128 plus
  /// the signal's number, 130.
  private static void endOnSignal(Thread command, CountDownLatch ended) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              if (ended.getCount() > 0) {
                command.interrupt();
                awaitQuietly(ended);
              }
            }));
  }

  private static void awaitQuietly(CountDownLatch ended) {
    try {
      ended.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // The process ends anyway.
      Thread.currentThread().interrupt();
    }
  }
}
