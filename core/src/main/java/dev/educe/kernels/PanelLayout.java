package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// Where the parts of a weight matrix lie once it is packed into panels of 16 rows.
///
/// A panel holds 16 consecutive rows; rows beyond the matrix are zero weights. Plain types lie
/// column by column: the 16 values of column 0, then those of column 1. Blocks of 32 columns of
/// quantized types have three parts:
///
/// 1. *scales*, [#scaleBytes] per group of [#scaleBlocks] blocks: halves (F16), 16 for `d`, then 16
///    for the format's second scale where it has one; MXFP4 has 16 exponent bytes instead.
/// 2. *sub-scales*, [#subScaleBytes] per block: groups of 16 bytes, byte `r` for row `r`.
/// 3. *quants*, [#quantBytes] per block, a multiple of 64. In each group of 64 bytes, byte `4r + i`
///    belongs to row `r`: four consecutive columns of one row fill a 32-bit lane.
///
/// Where each block has scales of its own, all of it lies together: the scales of block 0, its
/// quants, the scales of block 1. So every instruction of a kernel reads at one and the same
/// distance from where it read before, through a whole matrix, and that is what processors fetch
/// ahead: a kernel that reads all scales of a panel and then its quants gets half the rate from
/// memory. Where blocks share scales there are three areas, one behind the other, for all blocks in
/// turn, the quants from the next multiple of 64 on.
///
/// The quants of a block consist of these, in this order:
///
/// | part    | bytes | meaning                                                                    |
/// |---------|-------|----------------------------------------------------------------------------|
/// | bytes   | 512   | group `g` of 8: byte `4r + i` is column `4g + i`, plus 128 (Q8_0)            |
/// | nibbles | 256   | group `g` of 4: low nibble of byte `4r + i` is column `4g + i`, high is `16 + 4g + i` |
/// | pairs   | 128   | group `h` of 2: bits `2j, 2j+1` of byte `4r + i` are column `16h + 4j + i`, `j` 0 to 3 |
/// | bits    | 64    | bit `j` of byte `4r + i` is column `4j + i`, `j` 0 to 7                      |
///
/// Sub-scale groups of a block, by format: Q4_K and Q5_K: `sc`, `m` (unsigned). Q6_K: signed scale
/// of columns 0 to 15, of columns 16 to 31. Q2_K: two groups like Q6_K, each `scale | min << 4`.
/// Q3_K keeps six bits: the group's byte is the low four bits of the first half's scale, and of the
/// second half's in the high nibble; the two high bits of each lie four to a byte, for two blocks
/// in one group of 16 bytes behind all the low ones (block `b`: group `b / 2`, bits `4 (b mod 2)`
/// for the first half and `4 (b mod 2) + 2` for the second); scales are stored plus 32. IQ4_XS:
/// signed scale.
///
/// Q3_K and Q6_K codes are stored plus 4 and plus 32, those of Q4_0 and Q5_0 plus 8 and plus 16, as
/// files have them; IQ4_NL, IQ4_XS and MXFP4 store the place in their codebook. MXFP4's codebook
/// holds twice the values of the 4-bit float, so its exponent byte `e` stands for `d = 2^(e -
/// 128)`.
///
/// Panels begin at multiples of 64 bytes.
///
/// @param type the format
/// @param quantBytes bytes of a block's quants; for plain types, bytes of a column
/// @param subScaleBytes bytes of a block's sub-scales
/// @param scaleBytes bytes of the scales of [#scaleBlocks] blocks
/// @param scaleBlocks blocks of 32 that share the scales: 1 or 8
public record PanelLayout(
    DType type, int quantBytes, int subScaleBytes, int scaleBytes, int scaleBlocks) {
  /// Rows of a panel: the 32-bit lanes of a 512-bit vector.
  public static final int ROWS = 16;

  private static final Map<DType, PanelLayout> LAYOUTS = new EnumMap<>(DType.class);

  static {
    add(DType.F32, 64, 0, 0, 1);
    add(DType.F16, 32, 0, 0, 1);
    add(DType.BF16, 32, 0, 0, 1);
    add(DType.Q8_0, 512, 0, 32, 1);
    add(DType.Q4_0, 256, 0, 32, 1);
    add(DType.Q4_1, 256, 0, 64, 1);
    add(DType.Q5_0, 256 + 64, 0, 32, 1);
    add(DType.Q5_1, 256 + 64, 0, 64, 1);
    add(DType.Q2_K, 128, 32, 64, 8);
    add(DType.Q3_K, 128 + 64, 24, 32, 8);
    add(DType.Q4_K, 256, 32, 64, 8);
    add(DType.Q5_K, 256 + 64, 32, 64, 8);
    add(DType.Q6_K, 256 + 128, 32, 32, 8);
    add(DType.IQ4_NL, 256, 0, 32, 1);
    add(DType.IQ4_XS, 256, 16, 32, 8);
    add(DType.MXFP4, 256, 0, 16, 1);
  }

  private static void add(DType type, int quants, int subScales, int scales, int scaleBlocks) {
    LAYOUTS.put(type, new PanelLayout(type, quants, subScales, scales, scaleBlocks));
  }

  /// The layout of a format that kernels can multiply with, if it is one.
  public static Optional<PanelLayout> find(DType type) {
    return Optional.ofNullable(LAYOUTS.get(type));
  }

  /// Whether kernels can multiply with this format.
  public static boolean supports(DType type) {
    return LAYOUTS.containsKey(type);
  }

  /// The formats that kernels can multiply with.
  public static Iterable<DType> supported() {
    return LAYOUTS.keySet();
  }

  /// Whether activations are quantized to multiply with this format.
  public boolean isQuantized() {
    return type.isQuantized();
  }

  /// Whether scales lie with the quants of their block.
  public boolean isInterleaved() {
    return isQuantized() && scaleBlocks == 1;
  }

  /// Bytes from the scales of a group of blocks to those of the next group.
  public int scaleStride() {
    return isInterleaved() ? scaleBytes + quantBytes : scaleBytes;
  }

  /// Bytes from the quants of a block to those of the next.
  public int quantStride() {
    return isInterleaved() ? scaleBytes + quantBytes : quantBytes;
  }

  /// Where the sub-scales begin in a panel of rows of `size` elements, in bytes; the scales begin
  /// with the panel.
  public long subScalesOffset(int size) {
    return isQuantized() ? (long) (size / 32 / scaleBlocks) * scaleBytes : 0;
  }

  /// Where the quants of the first block begin in a panel of rows of `size` elements, in bytes.
  public long quantsOffset(int size) {
    if (isInterleaved()) {
      return scaleBytes;
    }
    return isQuantized() ? roundUp(subScalesOffset(size) + (long) (size / 32) * subScaleBytes) : 0;
  }

  /// Bytes of a panel of rows of `size` elements, a multiple of 64.
  public long panelBytes(int size) {
    if (!isQuantized()) {
      return roundUp((long) size * quantBytes);
    }
    int blocks = size / 32;
    return isInterleaved()
        ? roundUp((long) blocks * quantStride())
        : quantsOffset(size) + (long) blocks * quantBytes;
  }

  private static long roundUp(long bytes) {
    return Math.ceilDiv(bytes, 64L) * 64;
  }
}
