package dev.educe.optimize.train;

import dev.educe.format.Gguf;
import dev.educe.format.TensorEntry;
import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Reads tensors of any type as floats, in the order of the file.
final class WeightReader {
  private WeightReader() {}

  /// @param target receives all elements from `offset` on
  static void read(Gguf file, TensorEntry entry, float[] target, int offset) throws IOException {
    int rows = Math.toIntExact(entry.shape().rows());
    int columns = Math.toIntExact(entry.shape().columns());
    try (var region = Region.open("a tensor", MemoryBudget.unlimited())) {
      MemorySegment raw = region.allocate(entry.bytes()).asSlice(0, entry.bytes());
      file.read(entry, 0, raw);
      MemorySegment floats = raw;
      if (entry.type() != DType.F32) {
        var panels = new Panels(region, entry.type(), rows, columns);
        PanelPacker.pack(raw, panels, 0, rows);
        floats = region.allocate((long) rows * columns * Float.BYTES);
        for (int row = 0; row < rows; row++) {
          PanelPacker.unpackRow(panels, row, floats, (long) row * columns);
        }
      }
      MemorySegment.copy(floats, ValueLayout.JAVA_FLOAT, 0, target, offset, rows * columns);
    }
  }
}
