package dev.educe.server.batch;

import dev.educe.server.http.Caller;
import dev.educe.server.http.Route;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.function.DoubleConsumer;
import tools.jackson.core.JacksonException;

/// Answers a file of requests into another file, which says itself how far it got: each of its
/// lines is on the disk before the next is written, and a line that was cut off is written anew.
public final class BatchFile {
  private final FileChannel out;
  private final Set<String> answered = new HashSet<>();
  private final Check check;
  private final DoubleConsumer progress;
  private int good;

  /// @param good how many requests were served
  /// @param failed how many got an error for an answer
  /// @param before how many of both were answered before
  public record Counts(int good, int failed, int before) {}

  private BatchFile(FileChannel out, Check check, DoubleConsumer progress) {
    this.out = out;
    this.check = check;
    this.progress = progress;
  }

  /// The models that requests of a file name.
  ///
  /// @param urls that may be asked
  /// @throws IOException if it cannot be read, or has a line that is no request
  public static Set<String> models(Path in, Set<String> urls) throws IOException {
    check(in, urls);
    var names = new TreeSet<String>();
    BatchLine.each(
        in,
        (_, bytes) -> {
          String name = BatchLine.of(bytes, urls).body().path("model").asString("");
          if (!name.isEmpty()) {
            names.add(name);
          }
          return true;
        });
    return names;
  }

  private static Check check(Path in, Set<String> urls) throws IOException {
    var check = Check.of(in, urls);
    if (!check.faults().isEmpty()) {
      var fault = check.faults().getFirst();
      String place = fault.line() == 0 ? "" : ", line %,d".formatted(fault.line());
      throw new IOException(in + place + ": " + fault.message());
    }
    return check;
  }

  /// Answers what is not answered yet.
  ///
  /// @param out is made if it is not there
  /// @param routes that lines may ask
  /// @param linesAtOnce how many lines are answered at once
  /// @param progress takes the share of lines that have an answer, on any thread
  /// @throws IOException if a file cannot be used, `in` has a line that is no request, or `out` has
  ///   one that is no answer to it
  public static Counts answer(
      Path in, Path out, List<Route> routes, int linesAtOnce, DoubleConsumer progress)
      throws IOException {
    var answering = new Answering(routes);
    var check = check(in, answering.urls());
    try (var channel =
        FileChannel.open(
            out, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (channel.tryLock() == null) {
        throw new IOException(out + " is being written by another process");
      }
      var file = new BatchFile(channel, check, progress);
      file.resume(out);
      int before = file.answered.size();
      var crew = new Crew(answering, new Semaphore(linesAtOnce));
      crew.answer(in, Set.copyOf(file.answered), Caller.TRUSTED, () -> false, file::take);
      return new Counts(file.good, file.answered.size() - file.good, before);
    }
  }

  private void resume(Path path) throws IOException {
    // A line is whole with its end; what is behind the last end was cut off.
    var last = ByteBuffer.allocate(1);
    long size = out.size();
    while (size > 0 && (out.read(last.clear(), size - 1) != 1 || last.get(0) != '\n')) {
      size--;
    }
    BatchLine.each(
        path,
        size,
        (number, bytes) -> {
          see(path, number, bytes);
          return true;
        });
    var torn =
        ByteBuffer.allocate((int) Math.min(Answering.LINE_BEGIN.length(), out.size() - size));
    out.read(torn, size);
    if (!Answering.LINE_BEGIN.startsWith(new String(torn.array(), StandardCharsets.UTF_8))) {
      throw foreign(path, "the last");
    }
    out.truncate(size);
    out.position(size);
  }

  private void see(Path path, int number, byte[] bytes) throws IOException {
    try {
      var line = Answering.Line.of(bytes);
      if (check.ids().contains(line.customId()) && answered.add(line.customId())) {
        good += line.isGood() ? 1 : 0;
        return;
      }
    } catch (JacksonException _) {
      // Said below.
    }
    throw foreign(path, "%,d".formatted(number));
  }

  private static IOException foreign(Path path, String line) {
    return new IOException(
        "%s, line %s, is no answer to these requests; give another file for the answers"
            .formatted(path, line));
  }

  private synchronized void take(Answering.Line line) throws IOException {
    var bytes = ByteBuffer.wrap((line.json() + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
    out.force(false);
    answered.add(line.customId());
    good += line.isGood() ? 1 : 0;
    progress.accept((double) answered.size() / check.ids().size());
  }
}
