package dev.educe.kernels.codegen;

import java.util.List;
import java.util.stream.IntStream;

/// Which vector register holds what in a matrix kernel.
///
/// @param results float accumulators of the first rows of activations; others' are in memory
/// @param sums integer accumulators of the block, one per row
/// @param values what the block comes to before the activations' scale, one per row; without halves
///   the sums' own registers
/// @param w0 the weights of one group, or a scale
/// @param w1 the weights of another group, or a scale
/// @param t0 free for a few instructions
/// @param t1 likewise; only in tiers without a dot product, as are the next two
/// @param ones 1 in each 16-bit lane
/// @param highest the highest bit of each byte
/// @param kept constants of the format
record Registers(
    List<Vec> results,
    List<Vec> sums,
    List<Vec> values,
    Vec w0,
    Vec w1,
    Vec t0,
    Vec t1,
    Vec ones,
    Vec highest,
    List<Vec> kept) {

  static Registers of(Unpack format, Tier tier, int rows) {
    Supply supply = new Supply(tier.bits());
    List<Vec> sums = supply.take(rows);
    List<Vec> values = format.hasHalves() ? supply.take(rows) : sums;
    List<Vec> shared = supply.take(sharedCount(tier));
    Vec last = shared.getLast();
    List<Vec> kept = supply.take(format.constantCount());
    List<Vec> results = supply.take(Math.min(rows, supply.left()));
    return new Registers(
        results,
        sums,
        values,
        shared.get(0),
        shared.get(1),
        shared.get(2),
        tier.hasDotProduct() ? last : shared.get(3),
        tier.hasDotProduct() ? last : shared.get(4),
        last,
        kept);
  }

  /// How many rows of activations a kernel can take at once.
  ///
  /// Results in memory pay where the same weights then serve more rows: not in formats with halves,
  /// which have so much else to do for each row.
  static int rowsMax(Unpack format, Tier tier) {
    int free = count(tier.bits()) - sharedCount(tier) - format.constantCount();
    int registersOfRow = format.hasHalves() ? 3 : tier.bits() == 512 ? 1 : 2;
    return Math.min(free / registersOfRow, MatrixFrame.ROWS_MAX);
  }

  private static int sharedCount(Tier tier) {
    return tier.hasDotProduct() ? 3 : 6;
  }

  private static int count(int bits) {
    return bits == 512 ? 32 : 16;
  }

  private static final class Supply {
    private final int bits;
    private int next;

    Supply(int bits) {
      this.bits = bits;
    }

    int left() {
      return count(bits) - next;
    }

    List<Vec> take(int wanted) {
      List<Vec> taken =
          IntStream.range(next, next + wanted).mapToObj(i -> new Vec(i, bits, 0, false)).toList();
      next += wanted;
      if (next > count(bits)) {
        throw new IllegalArgumentException("too many rows for " + count(bits) + " registers");
      }
      return taken;
    }
  }
}
