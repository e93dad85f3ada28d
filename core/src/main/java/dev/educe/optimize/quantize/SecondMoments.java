package dev.educe.optimize.quantize;

import dev.educe.backend.ProductObserver;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.DoubleConsumer;

/// What goes into each weight matrix on a text, as far as errors of one column can be made up for
/// by another: the mean products of the inputs of columns that are near each other.
///
/// Columns are near within segments of [#SEGMENT]; of those further apart nothing is known, which
/// keeps memory at a kilobyte for each column. Not changed after it was measured.
public final class SecondMoments {
  /// Columns whose products are known of each other: those of one block of the largest.
  static final int SEGMENT = 256;

  private final Map<String, float[][][]> sums; // [experts][segments][columns · columns]
  private final Map<String, long[]> counts; // [experts]

  private SecondMoments(Map<String, float[][][]> sums, Map<String, long[]> counts) {
    this.sums = sums;
    this.counts = counts;
  }

  /// Measures a model on a text, in chunks of [ReadingOptions#contextTokens].
  ///
  /// @param progress is told the share that is done, 0 to 1
  /// @throws CancellationException if this thread is interrupted
  /// @throws IllegalArgumentException if the text has not one chunk
  /// @throws IOException if the model cannot be read
  public static SecondMoments measure(
      Path model, ReadingOptions options, Sample sample, DoubleConsumer progress)
      throws IOException {
    var collector = new Collector();
    try (var measured = MeasuredModel.load(model, options, decoder -> decoder, collector)) {
      var chunks = Chunks.of(measured.tokenizer(), sample, options.contextTokens(), 1);
      var decoder = measured.weights().decoder();
      String output = measured.weights().output().spec().name();
      var site = new ProductObserver.Site(List.of(output), 0, 1, decoder.hiddenSize());
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        try (var passage = measured.readStates(chunks.input(chunk))) {
          while (passage.next()) {
            collector.observe(
                site, passage.states(), passage.statesStride(), passage.batchTokens());
          }
        }
        if (Thread.interrupted()) {
          throw new CancellationException();
        }
        progress.accept((chunk + 1.0) / chunks.count());
      }
    }
    return collector.moments();
  }

  /// Those of a segment of a matrix, [columns · columns] and means; empty if nothing was seen.
  ///
  /// @param part which expert's
  Optional<double[]> of(String tensor, int part, int segment) {
    float[][][] found = sums.get(tensor);
    if (found == null || part >= found.length || counts.get(tensor)[part] == 0) {
      return Optional.empty();
    }
    float[] upper = found[part][segment];
    int size = side(upper);
    var means = new double[upper.length];
    for (int i = 0; i < size; i++) {
      for (int k = i; k < size; k++) {
        double mean = (double) upper[i * size + k] / counts.get(tensor)[part];
        means[i * size + k] = mean;
        means[k * size + i] = mean;
      }
    }
    return Optional.of(means);
  }

  /// The mean square of each column's inputs, `[experts · columns]`, as an importance matrix has
  /// it.
  ///
  /// @return empty if nothing is known of the tensor
  Optional<float[]> squares(String tensor) {
    float[][][] found = sums.get(tensor);
    if (found == null) {
      return Optional.empty();
    }
    var seen = Arrays.stream(found).filter(Objects::nonNull).findFirst().orElseThrow();
    int columns = Arrays.stream(seen).mapToInt(SecondMoments::side).sum();
    var squares = new float[found.length * columns];
    for (int part = 0; part < found.length; part++) {
      long count = Math.max(1, counts.get(tensor)[part]);
      for (int column = 0; found[part] != null && column < columns; column++) {
        float[] segment = found[part][column / SEGMENT];
        int at = column % SEGMENT * (side(segment) + 1);
        squares[part * columns + column] = segment[at] / count;
      }
    }
    return Optional.of(squares);
  }

  /// Columns of a segment.
  private static int side(float[] segment) {
    return (int) Math.sqrt(segment.length);
  }

  /// Adds up the products of the inputs that it sees.
  private static final class Collector implements ProductObserver {
    private final Map<Site, float[][]> sums = new HashMap<>();
    private final Map<Site, Long> counts = new HashMap<>();

    @Override
    public void observe(Site site, MemorySegment x, long stride, int rows) {
      float[][] segments = sums.computeIfAbsent(site, _ -> segments(site.columns()));
      var row = new float[site.columns()];
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, r * stride * Float.BYTES, row, 0, row.length);
        for (int segment = 0; segment < segments.length; segment++) {
          add(row, segment * SEGMENT, segments[segment]);
        }
      }
      counts.merge(site, (long) rows, Long::sum);
    }

    private static float[][] segments(int columns) {
      var segments = new float[Math.ceilDiv(columns, SEGMENT)][];
      for (int segment = 0; segment < segments.length; segment++) {
        int size = Math.min(SEGMENT, columns - segment * SEGMENT);
        segments[segment] = new float[size * size];
      }
      return segments;
    }

    private static void add(float[] row, int from, float[] sums) {
      int size = side(sums);
      for (int i = 0; i < size; i++) {
        addScaled(row, from, row[from + i], sums, i * size, i, size);
      }
    }

    /// The half above the diagonal is enough.
    private static void addScaled(
        float[] row, int from, float factor, float[] sums, int at, int first, int size) {
      for (int k = first; k < size; k++) {
        sums[at + k] += factor * row[from + k];
      }
    }

    SecondMoments moments() {
      var all = new HashMap<String, float[][][]>();
      var seen = new HashMap<String, long[]>();
      sums.forEach((site, segments) -> {
        for (String weight : site.weights()) {
          all.computeIfAbsent(weight, _ -> new float[site.experts()][][])[site.expert()] = segments;
          seen.computeIfAbsent(weight, _ -> new long[site.experts()])[site.expert()] =
              counts.get(site);
        }
      });
      return new SecondMoments(all, seen);
    }
  }
}
