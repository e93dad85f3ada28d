package dev.educe.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.kernels.Exponential;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.ExtendWith;

/// What shares of the total weight keep and draw, to the last token, against the definition: sort
/// all, add exact weights in order.
@ExtendWith(Seeded.class)
class SharesTest {
  private static final int[] SIZES = {1, 2, 17, 1_000, 1_024, 5_000, 40_000};

  @RepeatedTest(5)
  void topPKeepsExactlyTheShare(Random random) {
    for (int size : SIZES) {
      for (Kind kind : Kind.values()) {
        var row = new Row(kind, size, random);
        row.candidates.keepShare(row.share);
        row.check(row.kept(row::score));
      }
    }
  }

  @RepeatedTest(5)
  void typicalKeepsExactlyTheShare(Random random) {
    for (int size : SIZES) {
      for (Kind kind : Kind.values()) {
        var row = new Row(kind, size, random);
        float mean = row.meanExponent();
        row.candidates.keepTypical(row.share);
        row.check(row.kept(id -> -Math.abs(row.exponent(id) - mean)));
      }
    }
  }

  @RepeatedTest(5)
  void aDrawIsTheTokenWhoseShareHoldsTheNumber(Random random) {
    for (int size : SIZES) {
      for (Kind kind : Kind.values()) {
        var row = new Row(kind, size, random);
        for (long number : new long[] {0, -1, random.nextLong(), random.nextLong()}) {
          long target = Math.unsignedMultiplyHigh(number, row.total());
          int[] upToIt = row.upTo(target, row::score);
          long total = row.candidates.beginDraw();
          assertEquals(upToIt[upToIt.length - 1], row.candidates.draw(number, total), row.what);
        }
      }
    }
  }

  @RepeatedTest(5)
  void ofTheTopChoicesTheLastStays(Random random) {
    for (int size : SIZES) {
      for (Kind kind : Kind.values()) {
        var row = new Row(kind, size, random);
        if (random.nextBoolean()) {
          row.candidates.keepShare(row.share);
          row.keep(row.kept(row::score));
        }
        double threshold = random.nextInt(4) == 0 ? 0 : 0.5 * Math.pow(random.nextDouble(), 8);
        int[] order = row.sorted(row::score);
        double least = threshold * row.total();
        int count = 0;
        while (count < order.length && row.weight(order[count]) >= least) {
          count++;
        }
        row.candidates.dropTopChoices(threshold);
        row.check(Arrays.copyOfRange(order, Math.max(0, count - 1), order.length));
      }
    }
  }

  @RepeatedTest(5)
  void sharesOfSharesAreExact(Random random) {
    for (Kind kind : Kind.values()) {
      var row = new Row(kind, 20_000, random);
      row.candidates.keepShare(row.share);
      row.keep(row.kept(row::score));
      float mean = row.meanExponent();
      row.candidates.keepTypical(row.share);
      row.keep(row.kept(id -> -Math.abs(row.exponent(id) - mean)));
      row.candidates.keepShare(row.share);
      row.keep(row.kept(row::score));
      row.candidates.keepBest(1_000);
      row.check(IntStream.of(row.sorted(row::score)).limit(1_000).toArray());
    }
  }

  private enum Kind {
    FLAT,
    EQUAL,
    PEAKED,
    TIED,
    EXTREME
  }

  /// A row of logits, and what the definition says of it.
  private static final class Row {
    private final float[] scores;
    private final float temperature;
    private final double share;
    private final Candidates candidates;
    private final String what;
    private int[] ids; // of those left
    private Float highest; // of those left; null before it is asked for

    Row(Kind kind, int size, Random random) {
      scores = new float[size];
      for (int i = 0; i < size; i++) {
        scores[i] =
            switch (kind) {
              case FLAT -> (float) random.nextGaussian();
              case EQUAL -> 3;
              case PEAKED -> (float) random.nextGaussian() * 2 + (random.nextInt(50) == 0 ? 12 : 0);
              case TIED -> random.nextInt(5);
              case EXTREME ->
                  switch (random.nextInt(5)) {
                    case 0 -> Float.NEGATIVE_INFINITY;
                    case 1 -> -Float.MAX_VALUE;
                    case 2 -> -0f;
                    case 3 -> Float.MIN_VALUE;
                    default -> random.nextFloat() * 1e-6f;
                  };
            };
      }
      scores[random.nextInt(size)] = 1; // not all are excluded
      temperature = random.nextBoolean() ? 1 : 0.01f + 3 * random.nextFloat();
      share = random.nextInt(4) == 0 ? 1 - 1e-9 : random.nextDouble();
      ids = IntStream.range(0, size).toArray();
      candidates = new Candidates(size);
      candidates.begin(MemorySegment.ofArray(scores), new int[] {}, 0);
      candidates.temperature(temperature);
      if (size > 1 && random.nextBoolean()) {
        candidates.keepBest(size - 1); // a list from now on
        keep(IntStream.of(sorted(this::score)).limit(size - 1).toArray());
      }
      what = "%s of %d, temperature %s, share %s".formatted(kind, size, temperature, share);
    }

    float score(int id) {
      return scores[id] + 0f;
    }

    float exponent(int id) {
      return (scores[id] - highest()) / temperature;
    }

    private float highest() {
      if (highest == null) {
        highest = (float) IntStream.of(ids).mapToDouble(id -> scores[id]).max().orElseThrow();
      }
      return highest;
    }

    private long weight(int id) {
      return (long) (Exponential.exp(exponent(id)) * 0x1p40f);
    }

    long total() {
      return IntStream.of(ids).mapToLong(this::weight).sum();
    }

    float meanExponent() {
      long sum = 0;
      for (int id : ids) {
        if (weight(id) > 0) {
          sum += (long) ((double) weight(id) * exponent(id));
        }
      }
      return (float) ((double) sum / total());
    }

    /// Those left, by a number, higher first, and then by id.
    int[] sorted(IntToDoubleFunction number) {
      return IntStream.of(ids)
          .boxed()
          .sorted(
              Comparator.comparingDouble((Integer id) -> -number.applyAsDouble(id) + 0.0)
                  .thenComparing(id -> id))
          .mapToInt(id -> id)
          .toArray();
    }

    /// Those up to the first with which the weights exceed a target.
    int[] upTo(long target, IntToDoubleFunction number) {
      int[] order = sorted(number);
      int count = 0;
      long sum = 0;
      while (sum <= target) {
        sum += weight(order[count++]);
      }
      return Arrays.copyOf(order, count);
    }

    /// Those whose weights reach the share.
    int[] kept(IntToDoubleFunction number) {
      long last = (long) Math.ceil(share * total()) - 1;
      return upTo(Math.clamp(last, 0, total() - 1), number);
    }

    /// Drops all but these here, too.
    void keep(int[] kept) {
      ids = kept;
      highest = null;
    }

    void check(int[] expected) {
      int[] actual = IntStream.range(0, candidates.size()).map(candidates::id).toArray();
      int[] sorted = expected.clone();
      Arrays.sort(sorted);
      Arrays.sort(actual);
      assertArrayEquals(sorted, actual, what);
    }
  }
}
