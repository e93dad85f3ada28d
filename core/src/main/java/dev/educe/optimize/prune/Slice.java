package dev.educe.optimize.prune;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.TensorEntry;
import dev.educe.optimize.quantize.RowEncoder;
import dev.educe.optimize.quantize.RowReader;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Optional;
import java.util.stream.IntStream;

/// Rows and columns of a tensor that are kept, as plain numbers; read as they are written.
///
/// Of a tensor of experts, `[experts, rows, columns]`, each expert keeps its own, and all as many.
///
/// @param type of the result
/// @param rows for each expert, which; empty for all
/// @param columns for each expert, which; empty for all
/// @param zeroShare share of the weights that become zero: the smallest
record Slice(
    Gguf file,
    TensorEntry tensor,
    DType type,
    Optional<int[][]> rows,
    Optional<int[][]> columns,
    double zeroShare) {
  private static final int PIECE_BYTES = 1 << 20;

  Slice(Gguf file, TensorEntry tensor, DType type) {
    this(file, tensor, type, Optional.empty(), Optional.empty(), 0);
  }

  Slice withRows(int[][] rows) {
    return new Slice(file, tensor, type, Optional.of(rows), columns, zeroShare);
  }

  Slice withColumns(int[][] columns) {
    return new Slice(file, tensor, type, rows, Optional.of(columns), zeroShare);
  }

  Slice withZeros(double zeroShare) {
    return new Slice(file, tensor, type, rows, columns, zeroShare);
  }

  /// The tensor to write.
  GgufWriter.Tensor as(String name) {
    return new GgufWriter.Tensor(name, type, shape(), this::writeTo);
  }

  private Shape shape() {
    var dimensions = new ArrayList<>(tensor.shape().dimensions());
    int last = dimensions.size() - 1;
    columns.ifPresent(kept -> dimensions.set(last, (long) kept[0].length));
    rows.ifPresent(kept -> dimensions.set(last - 1, (long) kept[0].length));
    return new Shape(dimensions);
  }

  private void writeTo(WritableByteChannel target) throws IOException {
    if (rows.isEmpty() && columns.isEmpty() && zeroShare == 0 && type == tensor.type()) {
      copyTo(target);
      return;
    }
    var dimensions = tensor.shape().dimensions();
    int rowCount =
        dimensions.size() == 1 ? 1 : Math.toIntExact(dimensions.get(dimensions.size() - 2));
    int experts = Math.toIntExact(tensor.shape().rows() / rowCount);
    float smallest =
        zeroShare == 0 ? 0 : Magnitudes.of(new RowReader(file, tensor)).quantile(zeroShare);
    for (int expert = 0; expert < experts; expert++) {
      int[] keptRows =
          rows.isPresent() ? rows.get()[expert] : IntStream.range(0, rowCount).toArray();
      for (int i = 0; i < keptRows.length; ) {
        int count = run(keptRows, i);
        write((long) expert * rowCount + keptRows[i], count, expert, smallest, target);
        i += count;
      }
    }
  }

  /// How many rows from `keptRows[from]` on lie together and fit a piece.
  private int run(int[] keptRows, int from) {
    int most = (int) Math.max(1, PIECE_BYTES / (tensor.shape().columns() * Float.BYTES));
    int count = 1;
    while (count < most
        && from + count < keptRows.length
        && keptRows[from + count] == keptRows[from] + count) {
      count++;
    }
    return count;
  }

  private void write(long first, int count, int expert, float smallest, WritableByteChannel target)
      throws IOException {
    int width = Math.toIntExact(tensor.shape().columns());
    var read = new float[count * width];
    new RowReader(file, tensor).read(first, count, read);
    int keptWidth = Math.toIntExact(shape().columns());
    var kept = columns.isPresent() ? new float[count * keptWidth] : read;
    if (columns.isPresent()) {
      for (int row = 0; row < count; row++) {
        for (int column = 0; column < keptWidth; column++) {
          kept[row * keptWidth + column] = read[row * width + columns.get()[expert][column]];
        }
      }
    }
    for (int i = 0; i < kept.length && smallest > 0; i++) {
      kept[i] = Math.abs(kept[i]) < smallest ? 0 : kept[i];
    }
    var encoder = RowEncoder.of(type, keptWidth);
    var bytes = new byte[count * encoder.rowBytes()];
    encoder.encode(kept, count, bytes);
    target.write(ByteBuffer.wrap(bytes));
  }

  private void copyTo(WritableByteChannel target) throws IOException {
    var buffer = ByteBuffer.allocate((int) Math.min(PIECE_BYTES, tensor.bytes()));
    for (long done = 0; done < tensor.bytes(); done += buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), tensor.bytes() - done));
      file.read(tensor, done, MemorySegment.ofBuffer(buffer));
      target.write(buffer);
    }
  }
}
