package dev.educe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What Linux says of a process's memory.
final class ProcessStatus {
  private ProcessStatus() {}

  /// A figure of `/proc/PID/status`, as `VmHWM` (peak of resident memory) or `VmRSS` (now); 0 where
  /// there is none, as when the process has just ended.
  static long bytes(Path status, String key) {
    try (var lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith(key + ":"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException | java.io.UncheckedIOException gone) {
      return 0;
    }
  }
}
