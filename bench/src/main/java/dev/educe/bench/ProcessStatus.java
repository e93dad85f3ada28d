package dev.educe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What Linux says of a process.
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

  /// Processor time of a process's threads, in seconds.
  ///
  /// Source: proc(5): the name in parentheses, then among others `utime` and `stime` in hundredths
  /// of a second.
  ///
  /// @param tasks `/proc/PID/task`
  /// @param names that begin as one of these
  static double threadSeconds(Path tasks, List<String> names) throws IOException {
    long hundredths = 0;
    try (var threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        String stat;
        try {
          stat = Files.readString(thread.resolve("stat"));
        } catch (IOException _) {
          continue; // it has just ended
        }
        String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        if (names.stream().anyMatch(name::startsWith)) {
          String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
          hundredths += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        }
      }
    }
    return hundredths / 1e2;
  }

  /// Processor time in seconds in which nothing of this machine idled, or another machine had its
  /// processors.
  ///
  /// Source: proc(5): after `cpu` come user, nice, system, idle, iowait, irq, softirq and steal, in
  /// hundredths of a second.
  static double machineSeconds() throws IOException {
    String[] fields = Files.readString(Path.of("/proc/stat")).split("\n", 2)[0].split(" +");
    long hundredths = 0;
    for (int i : new int[] {1, 2, 3, 6, 7, 8}) {
      hundredths += Long.parseLong(fields[i]);
    }
    return hundredths / 1e2;
  }
}
