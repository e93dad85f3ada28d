package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Reads single weights back out of panels, one row at a time, exactly as [PanelLayout] says they
/// lie there. Not thread-safe.
final class PanelReader {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Panels panels;
  private final MemorySegment memory;
  private final PanelLayout layout;
  private final QuantForm form;
  private final long subScalesOffset;
  private final long quantsOffset;

  private long panel; // in bytes
  private int lane;

  PanelReader(Panels panels) {
    this.panels = panels;
    this.memory = panels.memory();
    this.layout = panels.layout();
    this.form = layout.isQuantized() ? QuantForm.of(panels.type()) : QuantForm.PLAIN;
    this.subScalesOffset = layout.subScalesOffset(panels.size());
    this.quantsOffset = layout.quantsOffset(panels.size());
  }

  /// Goes to a row; padding rows may be read too.
  void row(int row) {
    panel = row / PanelLayout.ROWS * panels.panelBytes();
    lane = row % PanelLayout.ROWS;
  }

  QuantForm form() {
    return form;
  }

  /// The weight of a plain type at column `k`.
  float weight(int k) {
    long element = (long) k * PanelLayout.ROWS + lane;
    return switch (layout.type()) {
      case F32 -> memory.get(FLOAT, panel + element * 4);
      case F16 -> Float.float16ToFloat(memory.get(SHORT, panel + element * 2));
      case BF16 -> Float.intBitsToFloat(memory.get(SHORT, panel + element * 2) << 16);
      default -> throw new IllegalStateException(layout.type() + " is not a plain type");
    };
  }

  /// The 32 codes of a block as signed integers: less the format's zero, looked up in its book.
  void codes(int block, int[] q) {
    for (int k = 0; k < 32; k++) {
      int code = code(block, k);
      q[k] = (form.hasBook() ? form.book()[code] : code) - form.zero();
    }
  }

  private int code(int block, int k) {
    long low = panel + quantsOffset + (long) block * layout.quantStride() + 4 * lane + k % 4;
    long high = low + form.codes().lowBytes();
    return switch (form.codes()) {
      case BYTES -> unsigned(low + k / 4 * 64);
      case NIBBLES -> nibble(low, k);
      case NIBBLES_AND_BITS -> nibble(low, k) | bit(high, k) << 4;
      case NIBBLES_AND_PAIRS -> nibble(low, k) | pair(high, k) << 4;
      case PAIRS -> pair(low, k);
      case PAIRS_AND_BITS -> pair(low, k) | bit(high, k) << 2;
    };
  }

  private int nibble(long at, int k) {
    return unsigned(at + k % 16 / 4 * 64) >>> k / 16 * 4 & 15;
  }

  private int pair(long at, int k) {
    return unsigned(at + k / 16 * 64) >>> k % 16 / 4 * 2 & 3;
  }

  private int bit(long at, int k) {
    return unsigned(at) >>> k / 4 & 1;
  }

  /// What the codes of a block's half are multiplied with: `d`, times the sub-scale where there is
  /// one. Exact.
  float factor(int block, int half) {
    return scale(block) * subScale(block, half);
  }

  /// What is added to each of them then; −0, which changes nothing, where the format has no second
  /// scale. Exact.
  float offset(int block, int half) {
    return switch (form.second()) {
      case NONE -> -0f;
      case ADDED -> second(block);
      case MINIMUM -> -(second(block) * min(block, half));
    };
  }

  private float scale(int block) {
    long at = panel + (long) (block / layout.scaleBlocks()) * layout.scaleStride();
    return layout.type() == DType.MXFP4
        ? Math.scalb(1f, unsigned(at + lane) - 128)
        : Float.float16ToFloat(memory.get(SHORT, at + 2 * lane));
  }

  private float second(int block) {
    long at = panel + (long) (block / layout.scaleBlocks()) * layout.scaleStride();
    return Float.float16ToFloat(memory.get(SHORT, at + 32 + 2 * lane));
  }

  private int subScale(int block, int half) {
    long at = subScale(block);
    return switch (form.subScales()) {
      case NONE -> 1;
      case SIGNED -> (byte) unsigned(at);
      case WITH_MIN -> unsigned(at);
      case HALVES -> (byte) unsigned(at + 16 * half);
      case HALVES_WITH_MIN -> unsigned(at + 16 * half) & 15;
      case HALVES_OF_SIX_BITS -> sixBits(block, half) - 32;
    };
  }

  private int min(int block, int half) {
    long at = subScale(block);
    return form.subScales() == QuantForm.SubScales.WITH_MIN
        ? unsigned(at + 16)
        : unsigned(at + 16 * half) >>> 4;
  }

  private long subScale(int block) {
    return panel + subScalesOffset + (long) block * layout.subScaleBytes() + lane;
  }

  private int sixBits(int block, int half) {
    long area = panel + subScalesOffset + lane;
    int low = unsigned(area + 16L * block) >>> 4 * half & 15;
    int high = unsigned(area + (panels.size() / 32 + block / 2) * 16L);
    return low | (high >>> block % 2 * 4 + 2 * half & 3) << 4;
  }

  private int unsigned(long at) {
    return memory.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }
}
