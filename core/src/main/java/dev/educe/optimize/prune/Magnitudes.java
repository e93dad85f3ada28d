package dev.educe.optimize.prune;

import dev.educe.optimize.quantize.RowReader;
import java.io.IOException;

/// How many weights of a tensor are of which magnitude, to one part in 4,096.
final class Magnitudes {
  private static final int DROPPED_BITS = 11;
  private static final int PIECE_BYTES = 1 << 20;

  private final long[] counts = new long[1 << (31 - DROPPED_BITS)]; // by the first bits of |w|
  private long count;

  private Magnitudes() {}

  static Magnitudes of(RowReader reader) throws IOException {
    var magnitudes = new Magnitudes();
    long rows = reader.tensor().shape().rows();
    int columns = Math.toIntExact(reader.tensor().shape().columns());
    int step = Math.max(1, PIECE_BYTES / (columns * Float.BYTES));
    var values = new float[step * columns];
    for (long row = 0; row < rows; row += step) {
      int some = (int) Math.min(step, rows - row);
      reader.read(row, some, values);
      for (int i = 0; i < some * columns; i++) {
        magnitudes.counts[Float.floatToRawIntBits(Math.abs(values[i])) >>> DROPPED_BITS]++;
      }
      magnitudes.count += (long) some * columns;
    }
    return magnitudes;
  }

  /// The magnitude that this share of the weights is below, or as many as there are of the same.
  float quantile(double share) {
    long below = 0;
    int bin = 0;
    while (bin < counts.length && below + counts[bin] <= share * count) {
      below += counts[bin++];
    }
    return Float.intBitsToFloat(bin << DROPPED_BITS);
  }
}
