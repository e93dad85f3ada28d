package dev.educe.tensor;

import java.util.Optional;

/// How the elements of a tensor are stored, by ggml's name and number.
///
/// A *block* is a group of quantized elements that share scales; rows hold whole blocks.
///
/// Source: ggml `ggml.h` (`enum ggml_type`) and `ggml-common.h`.
public enum DType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q8_1(9, 32, 36),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  MXFP4(39, 32, 17);

  private static final DType[] BY_ID = new DType[64];

  static {
    for (DType type : values()) {
      BY_ID[type.id] = type;
    }
  }

  private final int id;
  private final int blockSize;
  private final int blockBytes;

  DType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /// The type that a file names by this number, if there is one.
  public static Optional<DType> ofId(long id) {
    return id < 0 || id >= BY_ID.length ? Optional.empty() : Optional.ofNullable(BY_ID[(int) id]);
  }

  /// ggml's number.
  public int id() {
    return id;
  }

  /// Elements of a block; 1 for plain types.
  public int blockSize() {
    return blockSize;
  }

  /// Bytes of a block.
  public int blockBytes() {
    return blockBytes;
  }

  /// Whether elements are stored in blocks with shared scales.
  public boolean isQuantized() {
    return blockSize > 1;
  }

  /// Bytes of a row of so many elements.
  ///
  /// @throws IllegalArgumentException if the row does not hold whole blocks
  /// @throws ArithmeticException if the result exceeds a long
  public long rowBytes(long elements) {
    if (elements < 0 || elements % blockSize != 0) {
      throw new IllegalArgumentException(
          "a row of %s holds whole blocks of %d, got %d elements"
              .formatted(this, blockSize, elements));
    }
    return Math.multiplyExact(elements / blockSize, (long) blockBytes);
  }
}
