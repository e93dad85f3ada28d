package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The scales and sub-scales of some blocks of one panel, as floats.
///
/// All of them are integers or halves, so nothing is rounded. Plain loops over segment and array:
/// the compiler turns those that are long enough into vector code.
final class PanelScales {
  /// Blocks that there is room for.
  static final int BLOCKS_MAX = 64;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// The scales of each group of blocks that share them: `[groups, 16]`, or `[groups, 2, 16]` where
  /// the format has a second one.
  final float[] scales = new float[BLOCKS_MAX * 2 * 16];

  /// Two for each block, `[blocks, 2, 16]`: those of its halves; or the block's own, 1 where the
  /// format has none, and what the second scale is multiplied with, negated: the minimum, or -1
  /// where the second scale is added.
  final float[] subScales = new float[BLOCKS_MAX * 2 * 16];

  /// The minimums of halves, in the same way.
  final float[] mins = new float[BLOCKS_MAX * 2 * 16];

  /// The scale of block `b` is that of group `b >> shift`.
  int shift;

  /// Sets what is the same for all blocks of a matrix.
  void start(Panels w, QuantForm form) {
    shift = w.layout().scaleBlocks() == 1 ? 0 : 3;
    for (int i = 0; i < BLOCKS_MAX; i++) {
      Arrays.fill(subScales, 32 * i, 32 * i + 16, 1f);
      Arrays.fill(subScales, 32 * i + 16, 32 * i + 32, -1f);
    }
  }

  /// Takes the scales of blocks `block` to `block + count` of a panel.
  ///
  /// @param panel where the panel begins in `w`, in bytes
  void load(Panels w, QuantForm form, long panel, int block, int count) {
    PanelLayout layout = w.layout();
    MemorySegment memory = w.memory();
    int stride = layout.scaleStride();
    long at = panel + (long) (block / layout.scaleBlocks()) * stride;
    int groups = Math.ceilDiv(count, layout.scaleBlocks());
    if (layout.type() == DType.MXFP4) {
      loadPowers(memory, at, stride, groups);
    } else {
      loadHalves(memory, at, stride, groups, form.second() == QuantForm.Second.NONE ? 16 : 32);
    }
    long subScale = panel + layout.subScalesOffset(w.size());
    long first = subScale + (long) block * layout.subScaleBytes();
    switch (form.subScales()) {
      case NONE -> {}
      case SIGNED -> {
        for (int b = 0; b < count; b++) {
          loadBytes(memory, first + 16L * b, 32 * b, 16);
        }
      }
      // Unsigned ones have six bits, so that no sign is seen in them.
      case WITH_MIN, HALVES -> loadBytes(memory, first, 0, count * 32);
      case HALVES_WITH_MIN -> loadNibbles(memory, first, count * 32);
      case HALVES_OF_SIX_BITS -> {
        long high = subScale + (w.size() / 32 + block / 2) * 16L;
        loadSixBits(memory, subScale + block * 16L, high, count);
      }
    }
  }

  /// @param stride bytes from one group to the next
  private void loadHalves(MemorySegment memory, long at, int stride, int groups, int ofGroup) {
    for (int group = 0; group < groups; group++) {
      long from = at + (long) group * stride;
      VectorHalves.load(memory, from, ofGroup, scales, group * ofGroup);
    }
  }

  private void loadPowers(MemorySegment memory, long at, int stride, int groups) {
    for (int group = 0; group < groups; group++) {
      for (int i = 0; i < 16; i++) {
        int exponent = memory.get(BYTE, at + (long) group * stride + i) & 0xff;
        // 2^(exponent - 128); the two lowest are subnormal.
        int bits = exponent < 2 ? 0x00200000 << exponent : exponent - 1 << 23;
        scales[16 * group + i] = Float.intBitsToFloat(bits);
      }
    }
  }

  private void loadBytes(MemorySegment memory, long at, int to, int count) {
    for (int i = 0; i < count; i++) {
      subScales[to + i] = memory.get(BYTE, at + i);
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

  /// Reads a byte of every cache line that [#load] will read, so that they are on their way while
  /// something else is done. Scales that lie with quants come with them.
  ///
  /// @return nothing of meaning; use it, or the compiler does without the reading
  static long touch(Panels w, long panel, int block, int count) {
    PanelLayout layout = w.layout();
    if (layout.isInterleaved()) {
      return 0;
    }
    long subScales = panel + layout.subScalesOffset(w.size());
    int group = block / layout.scaleBlocks();
    int groups = Math.ceilDiv(count, layout.scaleBlocks());
    return touch(
            w.memory(),
            subScales + (long) block * layout.subScaleBytes(),
            layout.subScaleBytes() * count)
        + touch(
            w.memory(), panel + (long) group * layout.scaleStride(), groups * layout.scaleBytes());
  }

  private static long touch(MemorySegment memory, long from, int bytes) {
    long sum = 0;
    for (int i = 0; i < bytes; i += 64) {
      sum += memory.get(BYTE, from + i);
    }
    return sum;
  }
}
