package dev.educe.optimize.prune;

import dev.educe.backend.ProductObserver;
import dev.educe.model.Decoder;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;

/// The second moments of the activations of feed-forward units, as measured on a text: of each unit
/// alone, and where networks are small, of each pair.
final class UnitMoments implements ProductObserver {
  // Of more units, the moments of all pairs would take more memory than the matrices.
  private static final int PAIRED_UNITS_MAX = 2_048;

  private static final String DOWN = ".ffn_down";

  /// Sums over the activations of one network.
  ///
  /// @param products `[units, units]`, its lower triangle; or `[units]`, the squares alone
  private record Sums(double[] products, float[] row, boolean isPaired) {
    Sums(int units, boolean isPaired) {
      this(new double[isPaired ? units * units : units], new float[units], isPaired);
    }
  }

  private record Network(String weight, int expert) {}

  private final Map<Network, Sums> sums = new HashMap<>();

  private UnitMoments() {}

  static UnitMoments measure(
      Path model, ReadingOptions options, UnaryOperator<Decoder> description, Sample sample)
      throws IOException {
    var moments = new UnitMoments();
    try (var measured = MeasuredModel.load(model, options, description, moments)) {
      var chunks = Chunks.of(measured.tokenizer(), sample, options.contextTokens(), 1);
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        try (var passage = measured.readStates(chunks.input(chunk))) {
          while (passage.next()) {}
        }
        if (Thread.interrupted()) {
          throw new CancellationException();
        }
      }
    }
    return moments;
  }

  @Override
  public void observe(Site site, MemorySegment x, long stride, int rows) {
    String weight = site.weights().getFirst();
    if (!weight.contains(DOWN)) {
      return;
    }
    boolean isPaired = site.experts() == 1 && site.columns() <= PAIRED_UNITS_MAX;
    var seen =
        sums.computeIfAbsent(
            new Network(weight, site.expert()), _ -> new Sums(site.columns(), isPaired));
    for (int row = 0; row < rows; row++) {
      long from = row * stride * Float.BYTES;
      MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, from, seen.row, 0, seen.row.length);
      if (isPaired) {
        addProducts(seen.row, seen.products);
      } else {
        addSquares(seen.row, seen.products);
      }
    }
  }

  private static void addProducts(float[] row, double[] products) {
    for (int i = 0; i < row.length; i++) {
      double activation = row[i];
      int from = i * row.length;
      for (int j = 0; j <= i; j++) {
        products[from + j] += activation * row[j];
      }
    }
  }

  private static void addSquares(float[] row, double[] squares) {
    for (int i = 0; i < row.length; i++) {
      squares[i] += (double) row[i] * row[i];
    }
  }

  /// Whether the products of all pairs are known.
  boolean isPaired(String weight) {
    Sums seen = sums.get(new Network(weight, 0));
    return seen != null && seen.isPaired;
  }

  /// The sum of each unit's squares; zeros of an expert that nothing came to.
  double[] squares(String weight, int expert, int units) {
    Sums seen = sums.get(new Network(weight, expert));
    var squares = new double[units];
    for (int i = 0; seen != null && i < units; i++) {
      squares[i] = seen.products[seen.isPaired ? i * units + i : i];
    }
    return squares;
  }

  /// The sums of the products of all pairs: `[units, units]`, a copy.
  double[] products(String weight, int units) {
    double[] products = sums.get(new Network(weight, 0)).products.clone();
    for (int i = 0; i < units; i++) {
      for (int j = 0; j < i; j++) {
        products[j * units + i] = products[i * units + j];
      }
    }
    return products;
  }
}
