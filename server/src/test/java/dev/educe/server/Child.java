package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A process of its own for what a test's own could not bear, and the limits that it gets.
final class Child {
  private Child() {}

  /// Skips the test where processes cannot be limited.
  static void assumeLimits() {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "there is no prlimit");
  }

  /// A JVM like this one.
  ///
  /// @param option one of the JVM's
  static ProcessBuilder java(String option, Class<?> main, String... arguments) {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            option,
            "-cp",
            System.getProperty("java.class.path"),
            main.getName());
    builder.command().addAll(List.of(arguments));
    return builder;
  }

  /// @param limit an option of prlimit
  static void limit(long pid, String limit) throws Exception {
    var process =
        new ProcessBuilder("prlimit", "--pid", Long.toString(pid), limit)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(0, process.waitFor());
  }
}
