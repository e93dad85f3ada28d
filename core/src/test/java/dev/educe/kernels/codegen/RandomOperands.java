package dev.educe.kernels.codegen;

import dev.educe.kernels.Activations;
import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Fills operands of matrix products with what a kernel must be able to take.
final class RandomOperands {
  private RandomOperands() {}

  /// Any bytes are weights; scales are finite halves of both signs, subnormal ones among them.
  static void weights(
      MemorySegment panels,
      PanelLayout layout,
      long panelBytes,
      int size,
      Random random,
      boolean isExtreme) {
    if (layout.type() == DType.F32) {
      floats(panels, random);
      return;
    }
    for (long i = 0; i < panels.byteSize(); i++) {
      int any = random.nextInt(256);
      int extreme = random.nextInt(8) == 0 ? any : random.nextBoolean() ? 0xff : 0x00;
      panels.set(ValueLayout.JAVA_BYTE, i, (byte) (isExtreme ? extreme : any));
    }
    if (layout.type() == DType.MXFP4) {
      return;
    }
    for (long panel = 0; panel < panels.byteSize(); panel += panelBytes) {
      if (!layout.isQuantized()) {
        halves(panels.asSlice(panel, panelBytes), layout.type() == DType.BF16, random);
        continue;
      }
      int groups = Math.ceilDiv(size / 32, layout.scaleBlocks());
      for (int group = 0; group < groups; group++) {
        long at = panel + (long) group * layout.scaleStride();
        halves(panels.asSlice(at, layout.scaleBytes()), false, random);
      }
    }
  }

  private static void halves(MemorySegment halves, boolean isBfloat, Random random) {
    for (long i = 0; i < halves.byteSize(); i += 2) {
      short half =
          isBfloat
              ? (short) (Float.floatToIntBits((float) random.nextGaussian()) >> 16)
              : Float.floatToFloat16(
                  (float) (random.nextGaussian() * Math.pow(2, -random.nextInt(24))));
      halves.set(ValueLayout.JAVA_SHORT_UNALIGNED, i, half);
    }
  }

  static void floats(MemorySegment floats, Random random) {
    for (long i = 0; i < floats.byteSize() / 4; i++) {
      floats.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) random.nextGaussian());
    }
  }

  static void activations(Activations x, Random random, boolean isExtreme) {
    floats(x.floats(), random);
    for (int row = 0; row < x.rowsMax(); row++) {
      quantizedRow(x.quantized().asSlice(row * x.rowBytes()), x.paddedSize(), random, isExtreme);
    }
  }

  /// Quantized values, their scales, and the sums that belong to them.
  static void quantizedRow(MemorySegment row, int size, Random random, boolean isExtreme) {
    boolean isPositive = random.nextBoolean();
    for (int i = 0; i < size; i++) {
      int any = random.nextInt(-127, 128);
      int extreme = isPositive ^ random.nextInt(50) == 0 ? 127 : -127;
      row.set(ValueLayout.JAVA_BYTE, i, (byte) (isExtreme ? extreme : any));
    }
    for (int b = 0; b < size / 32; b++) {
      float scale = (float) Math.scalb(random.nextDouble(), -random.nextInt(isExtreme ? 107 : 8));
      row.set(ValueLayout.JAVA_FLOAT_UNALIGNED, size + 4L * b, scale);
    }
    for (int i = 0; i < size / 16; i++) {
      int sum = 0;
      for (int k = 0; k < 16; k++) {
        sum += row.get(ValueLayout.JAVA_BYTE, 16L * i + k);
      }
      row.set(ValueLayout.JAVA_INT_UNALIGNED, size + size / 8 + 4L * i, sum);
    }
  }
}
