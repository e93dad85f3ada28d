package dev.educe.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Runs a program to its end, or to a time limit, and keeps what it said and held.
final class Child {
  // Memory is asked for so often; a peak in the last moments would be missed, but it stands from
  // loading on.
  private static final long POLL_MILLIS = 10;

  private static final int MESSAGE_LINES = 3;

  private final List<String> command;
  private final Path folder;
  private final Duration limit;

  /// @param folder where it runs, and leaves what files it makes
  /// @param limit after which it is ended, with all that it started
  Child(List<String> command, Path folder, Duration limit) {
    this.command = List.copyOf(command);
    this.folder = folder;
    this.limit = limit;
  }

  private record Line(String text, boolean isError, long nanos) {}

  /// What a program said and held.
  ///
  /// @param peakBytes the high-water mark of its resident memory; 0 where `/proc` is missing
  record Outcome(String output, String errors, long peakBytes, Queue<Line> lines) {
    /// Seconds from its start to the first line of either stream that holds this text.
    ///
    /// @throws PeerFailedException if there is none
    double secondsTo(String text) throws PeerFailedException {
      return lines.stream()
              .filter(line -> line.text.contains(text))
              .mapToLong(Line::nanos)
              .min()
              .orElseThrow(() -> new PeerFailedException("it never said '" + text + "'"))
          / 1e9;
    }
  }

  /// @throws PeerFailedException if it ends with another code than 0 or not in time
  Outcome run() throws PeerFailedException, IOException, InterruptedException {
    Files.createDirectories(folder);
    Queue<Line> lines = new ConcurrentLinkedQueue<>();
    long start = System.nanoTime();
    var process = new ProcessBuilder(command).directory(folder.toFile()).start();
    try {
      process.getOutputStream().close();
      var output = reader(process.getInputStream(), false, start, lines);
      var errors = reader(process.getErrorStream(), true, start, lines);
      long peak = 0;
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        peak = Math.max(peak, peakBytes(process.pid()));
        if (System.nanoTime() - start > limit.toNanos()) {
          throw new PeerFailedException("it was ended after " + limit.toSeconds() + " s");
        }
      }
      output.join();
      errors.join();
      if (process.exitValue() != 0) {
        throw new PeerFailedException(
            "it ended with code %d: %s".formatted(process.exitValue(), lastWords(lines)));
      }
      return new Outcome(text(lines, false), text(lines, true), peak, lines);
    } finally {
      // Before the process itself, whose end makes them nobody's children.
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
  }

  private static Thread reader(InputStream stream, boolean isError, long start, Queue<Line> lines) {
    return Thread.ofVirtual()
        .start(() -> {
          try (var in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line; (line = in.readLine()) != null; ) {
              lines.add(new Line(line, isError, System.nanoTime() - start));
            }
          } catch (IOException endedByForce) {
            lines.add(new Line("(cut off)", isError, System.nanoTime() - start));
          }
        });
  }

  private static String text(Queue<Line> lines, boolean isError) {
    return lines.stream()
        .filter(line -> line.isError == isError)
        .map(Line::text)
        .collect(Collectors.joining("\n"));
  }

  private static String lastWords(Queue<Line> lines) {
    var spoken = lines.stream().map(Line::text).filter(line -> !line.isBlank()).toList();
    var last = spoken.subList(Math.max(0, spoken.size() - MESSAGE_LINES), spoken.size());
    return last.isEmpty() ? "(it said nothing)" : String.join(" / ", last);
  }

  private static long peakBytes(long pid) {
    return ProcessStatus.bytes(Path.of("/proc", Long.toString(pid), "status"), "VmHWM");
  }
}
