package dev.educe.optimize;

import dev.educe.backend.ProductObserver;
import dev.educe.optimize.ImportanceMatrix.Entry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/// Adds up the squares of the inputs that it sees.
final class ImportanceCollector implements ProductObserver {
  /// What one product has seen.
  private static final class Sums {
    final double[] squares; // [columns]
    final float[] row; // [columns]
    long count;

    Sums(int columns) {
      squares = new double[columns];
      row = new float[columns];
    }
  }

  private final Map<Site, Sums> sums = new LinkedHashMap<>();

  @Override
  public void observe(Site site, MemorySegment x, long stride, int rows) {
    Sums seen = sums.computeIfAbsent(site, _ -> new Sums(site.columns()));
    for (int row = 0; row < rows; row++) {
      long from = row * stride * Float.BYTES;
      MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, from, seen.row, 0, seen.row.length);
      addSquares(seen.row, seen.squares);
    }
    seen.count += rows;
  }

  private static void addSquares(float[] row, double[] squares) {
    for (int column = 0; column < squares.length; column++) {
      squares[column] += (double) row[column] * row[column];
    }
  }

  /// What was seen so far, by tensor.
  Map<String, Entry> entries() {
    var entries = new LinkedHashMap<String, Entry>();
    sums.forEach((site, seen) -> {
      for (String weight : site.weights()) {
        Entry entry =
            entries.computeIfAbsent(
                weight,
                _ ->
                    new Entry(
                        new double[site.experts() * site.columns()], new long[site.experts()]));
        System.arraycopy(
            seen.squares, 0, entry.squares(), site.expert() * site.columns(), site.columns());
        entry.counts()[site.expert()] = seen.count;
      }
    });
    return entries;
  }
}
