package dev.educe.optimize;

import dev.educe.backend.ProductObserver.Site;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// How much each column of each weight matrix matters: the mean square of what it is multiplied
/// with, measured on a text. Immutable.
///
/// Whoever quantizes a matrix weighs the error of a column by it.
public final class ImportanceMatrix {
  /// What was seen of one tensor.
  ///
  /// @param squares `[experts, columns]`: sums of the inputs' squares
  /// @param counts `[experts]`: how many inputs there were; of a tensor without experts, one count
  record Entry(double[] squares, long[] counts) {
    int columns() {
      return squares.length / counts.length;
    }
  }

  /// Is told how a measurement is getting on, on the thread that measures.
  @FunctionalInterface
  public interface Progress {
    /// @param done chunks that were read, of so many `chunks`
    /// @param soFar the matrix of those
    /// @throws IOException ends the measurement
    void chunk(int done, int chunks, Supplier<ImportanceMatrix> soFar) throws IOException;
  }

  private final Map<String, Entry> entries;
  private final List<String> datasets;
  private final int chunks;
  private final int chunkTokens;

  /// @param entries not changed by anybody from now on
  ImportanceMatrix(Map<String, Entry> entries, List<String> datasets, int chunks, int chunkTokens) {
    this.entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    this.datasets = List.copyOf(datasets);
    this.chunks = chunks;
    this.chunkTokens = chunkTokens;
  }

  /// Measures a model on a text, in chunks of [ReadingOptions#contextTokens].
  ///
  /// @throws CancellationException if this thread is interrupted
  /// @throws IllegalArgumentException if the text has not one chunk
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are not finite
  /// @throws IOException if the model cannot be read
  public static ImportanceMatrix measure(
      Path model, ReadingOptions options, Sample sample, Progress progress) throws IOException {
    var collector = new ImportanceCollector();
    try (var measured = MeasuredModel.load(model, options, UnaryOperator.identity(), collector)) {
      var chunks = Chunks.of(measured.tokenizer(), sample, options.contextTokens(), 1);
      var datasets = List.of(sample.name());
      // The output matrix is not run; what it would be multiplied with are the states.
      var output =
          new Site(
              List.of(measured.weights().output().spec().name()),
              0,
              1,
              measured.weights().decoder().hiddenSize());
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        try (var passage = measured.readStates(chunks.input(chunk))) {
          while (passage.next()) {
            collector.observe(
                output, passage.states(), passage.statesStride(), passage.batchTokens());
          }
        }
        if (Thread.interrupted()) {
          throw new CancellationException();
        }
        int done = chunk + 1;
        progress.chunk(
            done,
            chunks.count(),
            () ->
                new ImportanceMatrix(collector.entries(), datasets, done, options.contextTokens()));
      }
      return new ImportanceMatrix(
          collector.entries(), datasets, chunks.count(), options.contextTokens());
    }
  }

  /// Reads a file in llama.cpp's format: GGUF, or the older one without a name.
  ///
  /// @throws dev.educe.format.ModelFormatException if it is neither, or damaged
  /// @throws IOException if it cannot be read
  public static ImportanceMatrix read(Path file) throws IOException {
    return ImportanceFile.read(file);
  }

  /// Writes a GGUF file as llama.cpp does; a file of that name is replaced in one move.
  ///
  /// @throws IOException if it cannot be written
  public void write(Path file) throws IOException {
    ImportanceFile.write(this, file);
  }

  /// The mean square of each column's inputs: `[columns]`, or `[experts, columns]` of experts in
  /// one tensor. Columns of experts that nothing came to have the mean of the others.
  ///
  /// @return a copy; empty if nothing is known of the tensor
  public Optional<float[]> of(String tensor) {
    Entry entry = entries.get(tensor);
    return entry == null ? Optional.empty() : Optional.of(means(entry));
  }

  private static float[] means(Entry entry) {
    int columns = entry.columns();
    var means = new float[entry.squares().length];
    for (int i = 0; i < means.length; i++) {
      long count = entry.counts()[i / columns];
      means[i] = (float) (count > 0 ? entry.squares()[i] / count : meanOfAll(entry, i % columns));
    }
    return means;
  }

  private static double meanOfAll(Entry entry, int column) {
    double sum = 0;
    long count = 0;
    for (int expert = 0; expert < entry.counts().length; expert++) {
      sum += entry.squares()[expert * entry.columns() + column];
      count += entry.counts()[expert];
    }
    return count == 0 ? 1 : sum / count;
  }

  /// What was measured on both texts.
  ///
  /// @throws IllegalArgumentException if they are of models with other tensors
  public ImportanceMatrix plus(ImportanceMatrix other) {
    var all = new LinkedHashMap<>(entries);
    other.entries.forEach((name, entry) -> all.merge(name, entry, (a, b) -> sum(name, a, b)));
    var names = new ArrayList<>(datasets);
    other.datasets.stream().filter(dataset -> !names.contains(dataset)).forEach(names::add);
    return new ImportanceMatrix(all, names, chunks + other.chunks, chunkTokens);
  }

  private static Entry sum(String name, Entry a, Entry b) {
    if (a.squares().length != b.squares().length || a.counts().length != b.counts().length) {
      throw new IllegalArgumentException(
          ("%s has %,d columns in one importance matrix and %,d in the other: they are of different"
                  + " models")
              .formatted(name, a.columns(), b.columns()));
    }
    var squares = a.squares().clone();
    for (int i = 0; i < squares.length; i++) {
      squares[i] += b.squares()[i];
    }
    var counts = a.counts().clone();
    for (int i = 0; i < counts.length; i++) {
      counts[i] += b.counts()[i];
    }
    return new Entry(squares, counts);
  }

  Map<String, Entry> entries() {
    return entries;
  }

  /// The tensors that something is known of.
  public Set<String> tensors() {
    return entries.keySet();
  }

  /// The texts that it was measured on.
  public List<String> datasets() {
    return datasets;
  }

  /// Chunks that were read.
  public int chunks() {
    return chunks;
  }

  /// Tokens of a chunk.
  public int chunkTokens() {
    return chunkTokens;
  }
}
