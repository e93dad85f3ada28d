package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.Function;

/// Rows of floats chosen to hurt, and the comparison of their bits.
final class FloatRows {
  /// Sizes around every width of vector, block and span.
  static final int[] SIZES = {
    1, 2, 3, 7, 8, 13, 16, 31, 32, 33, 64, 100, 255, 256, 257, 1023, 1024, 1025, 2048, 4098, 8192
  };

  private FloatRows() {}

  /// What a row holds.
  enum Content {
    ORDINARY(random -> (float) random.nextGaussian()),
    WIDE(random -> (float) (random.nextGaussian() * 60)),
    ZEROS(random -> random.nextBoolean() ? 0f : -0f),
    EXTREMES(random -> random.nextBoolean() ? Float.MAX_VALUE : -Float.MAX_VALUE),
    SUBNORMALS(random -> Float.intBitsToFloat(random.nextInt(1 << 23) | random.nextInt(2) << 31)),
    ANY_BITS(random -> Float.intBitsToFloat(random.nextInt())),
    INFINITIES(random -> rarely(random, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)),
    MASKED(random -> random.nextBoolean() ? Float.NEGATIVE_INFINITY : random.nextFloat()),
    NANS(random -> rarely(random, Float.NaN, Float.intBitsToFloat(0xffc0_1234)));

    private final Function<Random, Float> next;

    Content(Function<Random, Float> next) {
      this.next = next;
    }

    float next(Random random) {
      return next.apply(random);
    }

    private static float rarely(Random random, float one, float other) {
      return switch (random.nextInt(200)) {
        case 0 -> one;
        case 1 -> other;
        default -> (float) random.nextGaussian();
      };
    }
  }

  static MemorySegment random(Region region, int size, Content content, Random random) {
    var row = region.allocate(size * 4L);
    for (int i = 0; i < size; i++) {
      row.setAtIndex(ValueLayout.JAVA_FLOAT, i, content.next(random));
    }
    return row;
  }

  static MemorySegment copy(Region region, MemorySegment row) {
    return region.allocate(row.byteSize()).copyFrom(row);
  }

  static float at(MemorySegment row, long index) {
    return row.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  /// Fails unless both rows are the same bit for bit, where any NaN equals any other.
  static void assertSameBits(MemorySegment expected, MemorySegment actual, Object what) {
    for (long i = 0; i < expected.byteSize() / 4; i++) {
      if (Float.floatToIntBits(at(expected, i)) != Float.floatToIntBits(at(actual, i))) {
        fail(
            "%s: element %d should be %s (%a), got %s (%a)"
                .formatted(
                    what, i, at(expected, i), at(expected, i), at(actual, i), at(actual, i)));
      }
    }
  }
}
