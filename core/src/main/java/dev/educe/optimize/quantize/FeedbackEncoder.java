package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;
import java.util.List;

/// Encodes rows column by column, each column making up for the errors of those before it.
///
/// Scales are searched for when a block's turn comes, for what its columns have become by then.
/// Holds scratch memory: each thread has its own.
final class FeedbackEncoder {
  private final DType type;
  private final List<Feedback> segments;
  private final BlockEncoder encoder;
  private final int columns;
  private final float[][] x; // [columns of a segment][rows]
  private final float[] rests; // [rows]

  /// @param segments of all columns, in order
  FeedbackEncoder(DType type, List<Feedback> segments) {
    this.type = type;
    this.segments = segments;
    columns = segments.stream().mapToInt(segment -> segment.importance().length).sum();
    encoder = RowEncoder.encoder(type, columns, true);
    x = new float[SecondMoments.SEGMENT][encoder.blocksMax()];
    rests = new float[encoder.blocksMax()];
  }

  /// Encodes the first `count` rows; as [RowEncoder#encode].
  void encode(float[] rows, int count, byte[] target) {
    for (int row = 0; row < count; row += encoder.blocksMax()) {
      int some = Math.min(encoder.blocksMax(), count - row);
      int column = 0;
      for (Feedback segment : segments) {
        encode(segment, rows, row, some, column, target);
        column += segment.importance().length;
      }
    }
  }

  private void encode(
      Feedback segment, float[] rows, int row, int some, int column, byte[] target) {
    int size = segment.importance().length;
    for (int i = 0; i < size; i++) {
      for (int r = 0; r < some; r++) {
        x[i][r] = rows[(row + r) * columns + column + i];
      }
    }
    int rowBytes = Math.toIntExact(type.rowBytes(columns));
    for (int from = 0; from < size; from += type.blockSize()) {
      encoder.blocks().load(x, from, encoder.parts(), some, segment.importance());
      encoder.search();
      for (int i = 0; i < type.blockSize(); i++) {
        for (int r = 0; r < some; r++) {
          rests[r] = x[from + i][r] - encoder.round(r, i, x[from + i][r]);
        }
        float[] spread = segment.spread()[from + i];
        for (int k = from + i + 1; k < size; k++) {
          subtract(rests, spread[k], x[k]);
        }
      }
      int at = Math.toIntExact(type.rowBytes(column + from));
      for (int r = 0; r < some; r++) {
        encoder.write(r, target, (row + r) * rowBytes + at);
      }
    }
  }

  private static void subtract(float[] rests, float factor, float[] x) {
    for (int r = 0; r < x.length; r++) {
      x[r] -= factor * rests[r];
    }
  }
}
