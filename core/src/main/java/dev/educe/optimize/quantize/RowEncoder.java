package dev.educe.optimize.quantize;

import dev.educe.optimize.quantize.ScaledEncoder.SubScales;
import dev.educe.tensor.DType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// Encodes rows of floats into one format, so that the weighted squared error is small.
///
/// Holds scratch memory: each thread has its own. Bytes are those of the files of llama.cpp.
/// Without an importance Q8_0 and Q4_0 are rounded exactly as llama.cpp does; all other formats,
/// and Q4_0 with an importance, search for the scales of least error.
public final class RowEncoder {
  /// The formats that rows can be encoded in.
  public static final Set<DType> TYPES =
      EnumSet.of(
          DType.F32,
          DType.F16,
          DType.BF16,
          DType.Q8_0,
          DType.Q6_K,
          DType.Q5_K,
          DType.Q5_1,
          DType.Q5_0,
          DType.Q4_K,
          DType.Q4_1,
          DType.Q4_0,
          DType.IQ4_NL,
          DType.IQ4_XS,
          DType.MXFP4,
          DType.Q3_K,
          DType.Q2_K);

  private final DType type;
  private final float[] importance;
  private final Optional<BlockEncoder> encoder; // none for plain formats

  private RowEncoder(DType type, float[] importance, boolean isWeighted) {
    this.type = type;
    this.importance = importance;
    this.encoder =
        type.isQuantized()
            ? Optional.of(encoder(type, importance.length, isWeighted))
            : Optional.empty();
  }

  /// An encoder to which all columns matter alike.
  ///
  /// @throws IllegalArgumentException if the format is none of [#TYPES] or the columns are not
  ///   whole blocks
  public static RowEncoder of(DType type, int columns) {
    var importance = new float[columns];
    Arrays.fill(importance, 1);
    return new RowEncoder(type, importance, false);
  }

  /// An encoder to which columns matter by their weight.
  ///
  /// @param importance `[columns]`, positive; only their proportions count
  /// @throws IllegalArgumentException if the format is none of [#TYPES], or the columns are not
  ///   whole blocks
  public static RowEncoder of(DType type, float[] importance) {
    return new RowEncoder(type, importance.clone(), true);
  }

  /// An encoder of blocks.
  ///
  /// @param isWeighted whether columns matter differently
  static BlockEncoder encoder(DType type, int columns, boolean isWeighted) {
    if (columns < 1 || columns % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "rows of %s hold whole blocks of %d, got %d columns"
              .formatted(type, type.blockSize(), columns));
    }
    return switch (type) {
      case Q8_0 ->
          isWeighted
              ? new ScaledEncoder(type, new Steps(-128, 127), 32, SubScales.NONE)
              : new RoundingEncoder(type);
      case Q4_0 ->
          isWeighted
              ? new ScaledEncoder(type, new Steps(-8, 7), 32, SubScales.NONE)
              : new RoundingEncoder(type);
      case Q5_0 -> new ScaledEncoder(type, new Steps(-16, 15), 32, SubScales.NONE);
      case IQ4_NL -> new ScaledEncoder(type, Book.IQ4, 32, SubScales.NONE);
      case IQ4_XS -> new ScaledEncoder(type, Book.IQ4, 32, new SubScales(-32, 31));
      case Q6_K -> new ScaledEncoder(type, new Steps(-32, 31), 16, new SubScales(-128, 127));
      case Q3_K -> new ScaledEncoder(type, new Steps(-4, 3), 16, new SubScales(-32, 31));
      case Q4_1 -> new OffsetEncoder(type, 32, 15, 0);
      case Q5_1 -> new OffsetEncoder(type, 32, 31, 0);
      case Q4_K -> new OffsetEncoder(type, 32, 15, 63);
      case Q5_K -> new OffsetEncoder(type, 32, 31, 63);
      case Q2_K -> new OffsetEncoder(type, 16, 3, 15);
      case MXFP4 -> new PowerEncoder();
      default ->
          throw new IllegalArgumentException(
              "%s cannot be written; the formats are %s".formatted(type, TYPES));
    };
  }

  /// The format.
  public DType type() {
    return type;
  }

  /// Bytes of an encoded row.
  public int rowBytes() {
    return Math.toIntExact(type.rowBytes(importance.length));
  }

  /// Encodes the first `count` rows.
  ///
  /// @param rows `[count, columns]` or more, finite
  /// @param target `count` times [#rowBytes] or more
  public void encode(float[] rows, int count, byte[] target) {
    if (encoder.isEmpty()) {
      PlainEncoder.encode(type, rows, count * importance.length, target);
      return;
    }
    int blocks = Math.multiplyExact(count, importance.length / type.blockSize());
    int some = encoder.get().blocksMax();
    for (int block = 0; block < blocks; block += some) {
      encode(encoder.get(), rows, block, Math.min(some, blocks - block), target);
    }
  }

  private void encode(BlockEncoder encoder, float[] rows, int first, int count, byte[] target) {
    int size = type.blockSize();
    encoder.blocks().load(rows, first * size, count * encoder.parts(), importance);
    encoder.search();
    for (int block = 0; block < count; block++) {
      int from = (first + block) * size;
      for (int i = 0; i < size; i++) {
        encoder.round(block, i, rows[from + i]);
      }
      encoder.write(block, target, (first + block) * type.blockBytes());
    }
  }
}
