package dev.educe.optimize.evaluate;

import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.Passage;
import dev.educe.sampling.NumericalException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/// Reads a text with a model, or with a reference and a model side by side, and compares row by
/// row; no logits are kept beyond a batch.
///
/// Only the second half of each chunk counts, so that every counted token has half a context before
/// it, as llama.cpp has it.
public final class Evaluator {
  /// Is told how a measurement is getting on, on the thread that measures.
  @FunctionalInterface
  public interface Progress {
    /// @param done chunks that were read, of so many `chunks`
    /// @param soFar of the model, over those
    void chunk(int done, int chunks, Perplexity soFar);
  }

  // Single tokens that are read to see how fast text is written.
  private static final int WRITTEN_TOKENS = 48;

  private final List<Reader> readers = new ArrayList<>(); // the reference first, if there is one
  private final Chunks chunks;
  private final Optional<Divergence> divergence;

  /// One model, and what is known of it so far.
  private static final class Reader {
    final MeasuredModel model;
    final Perplexity perplexity = new Perplexity();
    final float[] logits; // [vocabularySize]
    long nanos;
    int timedChunks;

    Reader(MeasuredModel model) {
      this.model = model;
      this.logits = new float[model.vocabularySize()];
    }

    /// The first chunk finds code that is not compiled yet, so it counts only where it is alone.
    void time(int chunk, long more) {
      if (chunk == 1) {
        nanos = 0;
        timedChunks = 0;
      }
      nanos += more;
      timedChunks++;
    }
  }

  private Evaluator(List<MeasuredModel> models, Chunks chunks) {
    models.forEach(model -> readers.add(new Reader(model)));
    this.chunks = chunks;
    this.divergence = models.size() > 1 ? Optional.of(new Divergence()) : Optional.empty();
  }

  /// Measures one model.
  ///
  /// @throws CancellationException if this thread is interrupted
  /// @throws NumericalException if the model's numbers are not finite
  /// @throws IOException if the model's file is gone
  public static Evaluation evaluate(MeasuredModel model, Chunks chunks, Progress progress)
      throws IOException {
    return new Evaluator(List.of(model), chunks).run(progress).getFirst();
  }

  /// Measures a model beside a reference.
  ///
  /// @return of the reference, and of the model
  /// @throws IllegalArgumentException if their vocabularies differ
  /// @throws CancellationException if this thread is interrupted
  /// @throws NumericalException if a model's numbers are not finite
  /// @throws IOException if a model's file is gone
  public static List<Evaluation> compare(
      MeasuredModel reference, MeasuredModel model, Chunks chunks, Progress progress)
      throws IOException {
    checkVocabularies(reference, model);
    return new Evaluator(List.of(reference, model), chunks).run(progress);
  }

  private static void checkVocabularies(MeasuredModel reference, MeasuredModel model) {
    boolean isSame = reference.vocabularySize() == model.vocabularySize();
    int known = isSame ? reference.tokenizer().vocabularySize() : 0;
    for (int token = 0; isSame && token < known; token++) {
      isSame = reference.tokenizer().piece(token).equals(model.tokenizer().piece(token));
    }
    if (!isSame) {
      throw new IllegalArgumentException(
          "%s and %s have different vocabularies, so their predictions cannot be compared"
              .formatted(reference.path().getFileName(), model.path().getFileName()));
    }
  }

  private List<Evaluation> run(Progress progress) throws IOException {
    for (int chunk = 0; chunk < chunks.count(); chunk++) {
      read(chunk);
      if (Thread.interrupted()) {
        throw new CancellationException();
      }
      Reader last = readers.getLast();
      for (Reader reader : readers) {
        if (Double.isNaN(reader.perplexity.value())) {
          throw new NumericalException(
              "%s: chunk %,d gives no perplexity: its logits are not numbers"
                  .formatted(reader.model.path().getFileName(), chunk + 1));
        }
      }
      progress.chunk(chunk + 1, chunks.count(), last.perplexity);
    }
    var results = new ArrayList<Evaluation>();
    for (Reader reader : readers) {
      results.add(result(reader, reader == readers.getLast() ? divergence : Optional.empty()));
    }
    return results;
  }

  private void read(int chunk) {
    int[] tokens = chunks.tokens(chunk);
    int[] input = chunks.input(chunk);
    var passages = new ArrayList<Passage>();
    try {
      for (Reader reader : readers) {
        passages.add(reader.model.read(input, chunks.chunkTokens() / 2));
      }
      while (advance(passages)) {
        Passage first = passages.getFirst();
        for (int row = 0; row < first.rows(); row++) {
          int next = first.firstRow() + row + 1;
          if (next < tokens.length) {
            row(passages, row, tokens[next]);
          }
        }
      }
      for (int i = 0; i < passages.size(); i++) {
        readers.get(i).time(chunk, passages.get(i).nanos());
      }
    } finally {
      passages.forEach(Passage::close);
    }
  }

  private static boolean advance(List<Passage> passages) {
    boolean goesOn = false;
    for (Passage passage : passages) {
      goesOn = passage.next();
    }
    return goesOn;
  }

  private void row(List<Passage> passages, int row, int next) {
    LogProbability ofReference = null;
    for (int i = 0; i < passages.size(); i++) {
      Reader reader = readers.get(i);
      passages.get(i).copyLogits(row, reader.logits);
      var logarithm = LogProbability.of(reader.logits);
      reader.perplexity.add(-logarithm.of(reader.logits[next]));
      if (i == 0) {
        ofReference = logarithm;
      } else {
        divergence
            .orElseThrow()
            .add(readers.getFirst().logits, ofReference, reader.logits, logarithm);
      }
    }
  }

  private Evaluation result(Reader reader, Optional<Divergence> divergence) throws IOException {
    var model = reader.model;
    return new Evaluation(
        model.path(),
        Files.size(model.path()),
        model.weights().bytes(),
        model.weights().parameters(),
        reader.perplexity,
        (double) reader.timedChunks * chunks.chunkTokens() * 1e9 / reader.nanos,
        0,
        divergence);
  }

  /// How many tokens per second a model reads one at a time, as when it writes.
  public static double writeRate(MeasuredModel model, Chunks chunks) {
    int[] input = chunks.input(0);
    var nanos = new long[Math.min(input.length, WRITTEN_TOKENS)];
    try (var passage = model.readSingly(Arrays.copyOf(input, nanos.length))) {
      for (int token = 0; token < nanos.length; token++) {
        long before = passage.nanos();
        passage.next();
        nanos[token] = passage.nanos() - before;
      }
    }
    Arrays.sort(nanos);
    return 1e9 / nanos[nanos.length / 2];
  }
}
