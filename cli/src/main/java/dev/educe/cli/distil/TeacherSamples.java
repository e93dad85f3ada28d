package dev.educe.cli.distil;

import dev.educe.Continuation;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.optimize.train.Documents;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.TokenRules;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;

/// Texts that a model writes from nothing, at temperature 1: what it believes text to be.
///
/// Text `i` is a function of model, seed and `i` alone, so that sampling which was interrupted goes
/// on where it stood, and more texts begin with the fewer.
public final class TeacherSamples {
  /// Sequences that are written at once: enough that a step is work, and pages for them are few.
  public static final int SEQUENCES = 64;

  private final Model model;
  private final long seed;

  /// @param model loaded with room for [#SEQUENCES] sequences
  public TeacherSamples(Model model, long seed) {
    this.model = model;
    this.seed = seed;
  }

  /// Writes texts to a file, each ended by [Documents#END]; what a run before has left is kept.
  ///
  /// @param count how many texts
  /// @param progress is told the share, 0 to 1
  /// @throws CancellationException if this thread is interrupted; what was written stays, to go on
  ///   from
  public void write(Path file, int count, DoubleConsumer progress) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    int done = keepWhole(part);
    try (var channel =
        FileChannel.open(
            part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      for (int first = done; first < count; first += SEQUENCES) {
        int last = Math.min(count, first + SEQUENCES);
        String texts = sample(first, last);
        channel.write(ByteBuffer.wrap(texts.getBytes(StandardCharsets.UTF_8)));
        progress.accept((double) last / count);
      }
      channel.force(false);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /// Cuts off what was not written to its end.
  ///
  /// @return how many texts are there
  private static int keepWhole(Path part) throws IOException {
    if (!Files.exists(part)) {
      return 0;
    }
    String text = new String(Files.readAllBytes(part), StandardCharsets.UTF_8);
    String end = Documents.END + "\n";
    int cut = text.lastIndexOf(end);
    String whole = cut < 0 ? "" : text.substring(0, cut + end.length());
    Files.writeString(part, whole);
    return (whole.length() - whole.replace(end, "").length()) / end.length();
  }

  /// The texts of some numbers, in their order.
  private String sample(int first, int last) {
    List<Continuation> started = new ArrayList<>();
    try {
      for (int number = first; number < last; number++) {
        started.add(model.start(request(number)));
      }
      for (boolean goesOn = true; goesOn; ) {
        goesOn = false;
        for (var continuation : started) {
          if (continuation.hasNext()) {
            continuation.next();
            goesOn = true;
          }
        }
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException();
        }
      }
      var texts = new StringBuilder();
      for (var continuation : started) {
        texts.append(continuation.result().text().strip()).append(Documents.END).append('\n');
      }
      return texts.toString();
    } finally {
      started.forEach(Continuation::close);
    }
  }

  private Request request(int number) {
    // Some models, Llama's small ones among them, end a text by beginning the next.
    var bos = model.tokenizer().bos();
    Set<Integer> ends = bos.isPresent() ? Set.of(bos.getAsInt()) : Set.of();
    var rules = new TokenRules(Map.of(), 0, ends);
    var sampling = Sampling.greedy().withTemperature(1).with(rules).withSeed(seed << 32 ^ number);
    return Request.of("").withTokensMax(model.contextLength()).withSampling(sampling);
  }
}
