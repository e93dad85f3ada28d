package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/// The scales and sub-scales of up to eight blocks of one panel, as floats.
///
/// All of them are integers or halves, so nothing is rounded. Plain loops over segment and array:
/// the compiler turns them into vector code, the conversion of halves into one instruction.
final class PanelScales {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// `d`: `[8, 16]`, or `[16]` where eight blocks share it.
  final float[] scales = new float[8 * 16];

  /// The second scale, in the same way.
  final float[] seconds = new float[8 * 16];

  /// Sub-scales: `[8, 16]`, or `[8, 2, 16]` where each half has one; 1 where the format has none.
  final float[] subScales = new float[8 * 2 * 16];

  /// What the second scale and the sum of the activations are multiplied with, negated: minimums,
  /// in the same way; -1 where the second scale is added.
  final float[] mins = new float[8 * 2 * 16];

  /// Floats from a block's scale to that of the next: 16, or 0 where eight blocks share it.
  int step;

  private final float[] interleaved = new float[8 * 2 * 16];
  private final float[] both = new float[8 * 2 * 16];

  /// Sets what is the same for all blocks of a matrix.
  void start(Panels w, QuantForm form) {
    step = w.layout().scaleBlocks() == 1 ? 16 : 0;
    if (form.subScales() == QuantForm.SubScales.NONE) {
      Arrays.fill(subScales, 1f);
      Arrays.fill(mins, -1f);
    }
  }

  /// Takes the scales of blocks `block` to `block + count` of a panel.
  ///
  /// @param panel where the panel begins in `w`, in bytes
  void load(Panels w, QuantForm form, long panel, int block, int count) {
    PanelLayout layout = w.layout();
    MemorySegment memory = w.memory();
    long at =
        panel
            + layout.scalesOffset(w.size())
            + (long) (block / layout.scaleBlocks()) * layout.scaleBytes();
    int groups = Math.ceilDiv(count, layout.scaleBlocks());
    if (layout.type() == DType.MXFP4) {
      loadPowers(memory, at, groups * 16);
    } else if (form.second() == QuantForm.Second.NONE) {
      loadHalves(memory, at, scales, groups * 16);
    } else {
      loadHalves(memory, at, both, groups * 32);
      split(both, scales, seconds, groups);
    }
    long subScale = panel + layout.subScalesOffset(w.size());
    long first = subScale + (long) block * layout.subScaleBytes();
    switch (form.subScales()) {
      case NONE -> {}
      case SIGNED -> loadSigned(memory, first, count * 16);
      case HALVES -> loadSigned(memory, first, count * 32);
      case HALVES_WITH_MIN -> loadNibbles(memory, first, count * 32);
      case WITH_MIN -> {
        loadUnsigned(memory, first, count * 32);
        split(interleaved, subScales, mins, count);
      }
      case HALVES_OF_SIX_BITS -> {
        long high = subScale + (w.size() / 32 + block / 2) * 16L;
        loadSixBits(memory, subScale + block * 16L, high, count);
      }
    }
  }

  private static void loadHalves(MemorySegment memory, long at, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.float16ToFloat(memory.get(SHORT, at + i * 2L));
    }
  }

  private void loadPowers(MemorySegment memory, long at, int count) {
    for (int i = 0; i < count; i++) {
      int exponent = memory.get(BYTE, at + i) & 0xff;
      // 2^(exponent - 128); the two lowest are subnormal.
      int bits = exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23;
      scales[i] = Float.intBitsToFloat(bits);
    }
  }

  private void loadSigned(MemorySegment memory, long at, int count) {
    for (int i = 0; i < count; i++) {
      subScales[i] = memory.get(BYTE, at + i);
    }
  }

  private void loadUnsigned(MemorySegment memory, long at, int count) {
    for (int i = 0; i < count; i++) {
      interleaved[i] = memory.get(BYTE, at + i) & 0xff;
    }
  }

  private void loadNibbles(MemorySegment memory, long at, int count) {
    for (int i = 0; i < count; i++) {
      int pair = memory.get(BYTE, at + i) & 0xff;
      subScales[i] = pair & 15;
      mins[i] = pair >>> 4;
    }
  }

  private void loadSixBits(MemorySegment memory, long low, long high, int count) {
    for (int b = 0; b < count; b++) {
      for (int r = 0; r < 16; r++) {
        int pair = memory.get(BYTE, low + 16L * b + r) & 0xff;
        int bits = (memory.get(BYTE, high + b / 2 * 16L + r) & 0xff) >>> b % 2 * 4;
        subScales[32 * b + r] = (pair & 15 | (bits & 3) << 4) - 32;
        subScales[32 * b + 16 + r] = (pair >>> 4 | (bits >>> 2 & 3) << 4) - 32;
      }
    }
  }

  /// Sixteen to the one, sixteen to the other, in turn.
  private static void split(float[] from, float[] first, float[] second, int groups) {
    for (int g = 0; g < groups; g++) {
      System.arraycopy(from, 32 * g, first, 16 * g, 16);
      System.arraycopy(from, 32 * g + 16, second, 16 * g, 16);
    }
  }
}
