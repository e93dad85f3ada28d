package dev.educe.cli;

import dev.educe.kernels.KernelSelector;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Where the process begins and ends.
public final class Main {
  /// How long Ctrl-C waits for the command to end by itself.
  private static final long PATIENCE_MILLIS = 2_000;

  private static final Set<String> MODEL_COMMANDS =
      Set.of("run", "chat", "serve", "perplexity", "logits", "bench");

  private Main() {}

  /// Runs one command and ends the process with its exit code.
  public static void main(String[] arguments) {
    var console = Console.standard();
    var ended = new CountDownLatch(1);
    var command = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> interrupt(command, console, ended)));
    if (arguments.length > 0 && MODEL_COMMANDS.contains(arguments[0])) {
      // Takes as long as reading the command line does: both at once.
      Thread.ofPlatform().daemon().name("educe-kernels").start(Main::prepareKernels);
    }
    int code = EduceCommand.run(console, arguments);
    ended.countDown();
    System.exit(code);
  }

  /// Links and writes what generated kernels need. Only a head start: what goes wrong here goes
  /// wrong once more where it is reported.
  private static void prepareKernels() {
    try {
      KernelSelector.select("");
    } catch (RuntimeException _) {
      // The command says so, if it needs them at all.
    }
  }

  /// What happens on Ctrl-C: the command is interrupted and may finish its line. The JVM then exits
  /// with 128 plus the signal's number, 130.
  private static void interrupt(Thread command, Console console, CountDownLatch ended) {
    if (ended.getCount() == 0) {
      return; // the command has ended, and the process ends normally
    }
    console.endLineOfInterrupt();
    command.interrupt();
    try {
      ended.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // Nobody interrupts a hook, and the process ends anyway.
      Thread.currentThread().interrupt();
    }
  }
}
