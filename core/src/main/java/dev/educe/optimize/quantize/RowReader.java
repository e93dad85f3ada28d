package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.TensorEntry;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Reads rows of a checkpoint's tensor as floats, whatever the format. Thread-safe.
///
/// @param tensor one whose format [#isReadable]
public record RowReader(Checkpoint file, TensorEntry tensor) {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Whether weights of this format can be read.
  public static boolean isReadable(DType type) {
    return PanelLayout.supports(type);
  }

  /// Fills `target` from its beginning with `count` rows.
  ///
  /// @param first of all rows of the tensor, its outer dimensions taken together
  /// @param target `[count, columns]` or more
  /// @throws IOException if reading fails
  public void read(long first, int count, float[] target) throws IOException {
    int columns = Math.toIntExact(tensor.shape().columns());
    long rowBytes = tensor.type().rowBytes(columns);
    var bytes = new byte[Math.toIntExact(count * rowBytes)];
    MemorySegment raw = MemorySegment.ofArray(bytes);
    file.read(tensor, first * rowBytes, raw);
    int elements = count * columns;
    switch (tensor.type()) {
      case F32 -> MemorySegment.copy(raw, FLOAT, 0, target, 0, elements);
      case F16 -> {
        for (int i = 0; i < elements; i++) {
          target[i] = Float.float16ToFloat(raw.get(SHORT, 2L * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < elements; i++) {
          target[i] = Float.intBitsToFloat(raw.get(SHORT, 2L * i) << 16);
        }
      }
      default -> decode(tensor.type(), raw, count, columns, target);
    }
  }

  /// Decodes rows of a quantized format.
  ///
  /// @param rows their bytes, as in a file
  static void decode(DType type, MemorySegment rows, int count, int columns, float[] target) {
    try (var temporary = Region.open("rows of weights", MemoryBudget.unlimited())) {
      var panels = new Panels(temporary, type, count, columns);
      PanelPacker.pack(rows, panels, 0, count);
      MemorySegment floats = MemorySegment.ofArray(target);
      for (int row = 0; row < count; row++) {
        PanelPacker.unpackRow(panels, row, floats, (long) row * columns);
      }
    }
  }
}
