package dev.educe.cli.make;

import dev.educe.sampling.Philox;
import dev.educe.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;

/// Fills blocks with random quants and scales so that the weights they stand for have mean zero and
/// a wanted standard deviation.
///
/// All bits are random at first; then scales are put over those of each block. Formats with a
/// minimum get one that brings the mean to zero; scales of the others take a random sign, which
/// does the same for those whose quants lean to one side.
///
/// Layouts: ggml `ggml-common.h`.
final class RandomWeights {
  /// The formats that can be made.
  static final Set<DType> TYPES =
      Set.of(
          DType.F32,
          DType.F16,
          DType.BF16,
          DType.Q8_0,
          DType.Q4_0,
          DType.Q4_1,
          DType.Q5_0,
          DType.Q5_1,
          DType.Q2_K,
          DType.Q3_K,
          DType.Q4_K,
          DType.Q5_K,
          DType.Q6_K,
          DType.IQ4_NL,
          DType.IQ4_XS);

  private static final int[] IQ4_VALUES = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private final DType type;
  private final double deviation;
  private final long seed;
  private final long stream;
  private final int[] words = new int[4];
  private long counter;

  /// @param deviation wanted standard deviation
  /// @param stream tells tensors of the same seed apart
  RandomWeights(DType type, double deviation, long seed, long stream) {
    this.type = type;
    this.deviation = deviation;
    this.seed = seed;
    this.stream = stream;
  }

  /// Fills a buffer, which holds whole blocks and a multiple of 16 bytes, from its start to its
  /// limit.
  void fill(ByteBuffer target) {
    target.order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < target.limit(); at += 16) {
      Philox.block(seed, counter++, stream, words);
      for (int word = 0; word < 4; word++) {
        target.putInt(at + 4 * word, words[word]);
      }
    }
    for (int at = 0; at < target.limit(); at += type.blockBytes()) {
      finish(target, at);
    }
  }

  private void finish(ByteBuffer block, int at) {
    switch (type) {
      case F32 -> block.putFloat(at, uniform(block.getInt(at)));
      case F16 -> block.putShort(at, Float.floatToFloat16(uniform(block.getShort(at) << 16)));
      case BF16 ->
          block.putShort(
              at, (short) (Float.floatToRawIntBits(uniform(block.getShort(at) << 16)) >>> 16));
      case Q8_0 -> signedScale(block, at, rms(-128, 127));
      case Q4_0, Q5_0 -> {
        int half = type == DType.Q4_0 ? 8 : 16;
        signedScale(block, at, rms(-half, half - 1));
      }
      case Q4_1, Q5_1 -> {
        double middle = type == DType.Q4_1 ? 7.5 : 15.5;
        double scale = deviation / rms(-middle, middle);
        block.putShort(at, half(scale));
        block.putShort(at + 2, half(-scale * middle));
      }
      case Q2_K -> {
        for (int i = 0; i < 16; i++) {
          // The minimum's four bits as the scale's.
          int scale = block.get(at + i) & 15;
          block.put(at + i, (byte) (scale | scale << 4));
        }
        minimumScales(block, at + 80, rms(0, 15), 1.5);
      }
      case Q3_K -> signedScale(block, at + 108, rms(-32, 31) * rms(-4, 3));
      case Q4_K, Q5_K -> {
        for (int i = 0; i < 4; i++) {
          // Six bits each, in ggml's packing: the minimums' as the scales'.
          block.put(at + 8 + i, block.get(at + 4 + i));
          int low = block.get(at + 12 + i) & 15;
          block.put(at + 12 + i, (byte) (low | low << 4));
        }
        minimumScales(block, at, rms(0, 63), type == DType.Q4_K ? 7.5 : 15.5);
      }
      case Q6_K -> signedScale(block, at + 208, rms(-128, 127) * rms(-32, 31));
      case IQ4_NL -> signedScale(block, at, iq4Rms());
      case IQ4_XS -> signedScale(block, at, rms(-32, 31) * iq4Rms());
      default -> throw new IllegalArgumentException(type + " cannot be made");
    }
  }

  /// A scale for quants of this root mean square, with a sign of chance.
  private void signedScale(ByteBuffer block, int at, double quantRms) {
    double scale = deviation / quantRms;
    block.putShort(at, half(block.get(at) < 0 ? -scale : scale));
  }

  /// The scale of the scales and, after it, that of the equally large minimums.
  private void minimumScales(ByteBuffer block, int at, double scaleRms, double middle) {
    double scale = deviation / (scaleRms * rms(-middle, middle));
    block.putShort(at, half(scale));
    block.putShort(at + 2, half(scale * middle));
  }

  /// Evenly from a range of the wanted deviation.
  private float uniform(int bits) {
    return (float) (bits * 0x1p-31 * deviation * Math.sqrt(3));
  }

  private static short half(double value) {
    return Float.floatToFloat16((float) value);
  }

  /// The root mean square of `first`, `first + 1`, … `last`, each as likely.
  private static double rms(double first, double last) {
    double mean = (first + last) / 2;
    double count = last - first + 1;
    return Math.sqrt(mean * mean + (count * count - 1) / 12);
  }

  private static double iq4Rms() {
    double squares = 0;
    for (int value : IQ4_VALUES) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / IQ4_VALUES.length);
  }
}
