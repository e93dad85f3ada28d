package dev.educe.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Frequencies against the formulas of Hugging Face's `modeling_rope_utils.py`, written out here.
@ExtendWith(Seeded.class)
class RopeTest {
  private static final double CLOSE = 1e-14;

  private final TinyCheckpoints checkpoint =
      TinyCheckpoints.of("llama", DType.F32).with("attention.key_length", 128);

  @Test
  void plainFrequenciesFallWithThePair() throws ModelFormatException {
    assertArrayEquals(plain(128, 10_000), rope().frequencies(), CLOSE);
    assertEquals(1, rope().magnitude());
  }

  @Test
  void linearScalingDividesEveryFrequency() throws ModelFormatException {
    checkpoint.with("rope.scaling.type", "linear").with("rope.scaling.factor", 2.5);
    var expected = plain(128, 10_000);
    for (int i = 0; i < expected.length; i++) {
      expected[i] /= 2.5;
    }
    assertArrayEquals(expected, rope().frequencies(), CLOSE);
    checkpoint.without("rope.scaling.type");
    assertArrayEquals(expected, rope().frequencies(), CLOSE);
    checkpoint.without("rope.scaling.factor").with("rope.scale_linear", 2.5);
    assertArrayEquals(expected, rope().frequencies(), CLOSE);
    checkpoint.with("rope.scaling.type", "none");
    assertArrayEquals(plain(128, 10_000), rope().frequencies(), CLOSE);
  }

  @Test
  void yarnMixesFrequenciesByTheirTurns(Random random) throws ModelFormatException {
    for (int round = 0; round < 50; round++) {
      float factor = 1 + 31 * random.nextFloat();
      int original = 1 << (5 + random.nextInt(12));
      float slow = 0.1f + random.nextFloat();
      float fast = slow + 32 * random.nextFloat();
      float base = 500 + 1_000_000 * random.nextFloat();
      yarn(factor, original)
          .with("rope.freq_base", base)
          .with("rope.scaling.yarn_beta_fast", fast)
          .with("rope.scaling.yarn_beta_slow", slow);
      var expected = yarn(128, base, factor, original, fast, slow);
      assertArrayEquals(expected, rope().frequencies(), CLOSE);
    }
  }

  @Test
  void yarnTakesTheUsualTurnsAndContextWhereNoneAreGiven() throws ModelFormatException {
    yarn(4, 0).with("context_length", 4_096);
    assertArrayEquals(yarn(128, 10_000, 4, 4_096, 32, 1), rope().frequencies(), CLOSE);
  }

  @Test
  void yarnMakesQueriesAndKeysLarger() throws ModelFormatException {
    yarn(4, 32);
    float grown = (float) (0.1 * Math.log(4) + 1);
    assertEquals(grown, rope().magnitude());
    checkpoint.with("rope.scaling.yarn_log_multiplier", 0.5);
    assertEquals((float) ((0.1 * Math.log(4) + 1) / (0.05 * Math.log(4) + 1)), rope().magnitude());
    checkpoint.with("rope.scaling.yarn_log_multiplier", 1.0);
    assertEquals(1, rope().magnitude());
    checkpoint.with("rope.scaling.attn_factor", 1.25);
    assertEquals(1.25f, rope().magnitude());
    checkpoint.with("rope.scaling.factor", 0.5).without("rope.scaling.attn_factor");
    assertEquals(1, rope().magnitude());
  }

  @Test
  void yarnWithoutExtrapolationIsLinear() throws ModelFormatException {
    yarn(4, 32).with("rope.scaling.yarn_ext_factor", 0.0);
    var yarn = rope();
    checkpoint.with("rope.scaling.type", "linear");
    assertArrayEquals(rope().frequencies(), yarn.frequencies(), CLOSE);
    assertEquals(1, yarn.magnitude());
  }

  @Test
  void llama3FactorsDivideTheSlowFrequencies() throws ModelFormatException {
    checkpoint.with("rope.freq_base", 500_000.0);
    double factor = 8;
    double low = 1;
    double high = 4;
    double original = 8_192;
    var expected = plain(128, 500_000);
    var factors = new float[expected.length];
    for (int i = 0; i < expected.length; i++) {
      double wavelength = 2 * Math.PI / expected[i];
      double smooth = (original / wavelength - low) / (high - low);
      double divisor =
          wavelength < original / high
              ? 1
              : wavelength > original / low ? factor : 1 / ((1 - smooth) / factor + smooth);
      factors[i] = (float) divisor;
      expected[i] /= factors[i];
    }
    var rope = rope().withFactors("rope_freqs.weight");
    assertArrayEquals(expected, rope.frequencies(factors), CLOSE);
    assertEquals(64, rope.factors().orElseThrow().shape().elements());
    assertThrows(IllegalArgumentException.class, () -> rope.frequencies(new float[63]));
  }

  @Test
  void otherScalingsAreToldWhatThereIs() {
    checkpoint.with("rope.scaling.type", "longrope");
    assertEquals(
        "tiny.gguf: the RoPE scaling 'longrope' is not supported; there are none, linear and yarn",
        assertThrows(UnsupportedModelException.class, this::rope).getMessage());
  }

  @Test
  void adjacentPairsTurnLikeHalvesOnceTheirRowsAreReordered(Random random) {
    int size = 24;
    int heads = 3;
    for (int rotated : new int[] {24, 16, 2, 0}) {
      var order = new RowOrder(size, rotated);
      var stored = random.doubles((long) heads * size).toArray();
      var angles = random.doubles(rotated / 2, 0, 6).toArray();
      var loaded = reordered(stored, order);
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < rotated / 2; i++) {
          int first = head * size + 2 * i;
          turn(stored, first, first + 1, angles[i]);
          turn(loaded, head * size + i, head * size + i + rotated / 2, angles[i]);
        }
      }
      assertArrayEquals(reordered(stored, order), loaded);
      var rows = IntStream.range(0, heads * size).map(order::rowInFile).sorted().toArray();
      assertArrayEquals(IntStream.range(0, heads * size).toArray(), rows);
    }
  }

  @Test
  void onlyPairsOfAHeadCanBeReordered() {
    assertThrows(IllegalArgumentException.class, () -> new RowOrder(16, 15));
    assertThrows(IllegalArgumentException.class, () -> new RowOrder(16, 18));
    assertEquals(true, RowOrder.AS_STORED.isAsStored());
    assertEquals(false, new RowOrder(16, 16).isAsStored());
    assertEquals(7, RowOrder.AS_STORED.rowInFile(7));
  }

  @Test
  void queriesAndKeysAreReorderedWithTheirBiasesAndNormsButValuesNever()
      throws ModelFormatException {
    var h = Hyperparameters.of(checkpoint.metadata());
    var order = new RowOrder(128, 128);
    var attention = Attention.grouped(h, 0).withHeadNorms(h, 0).withRope(Rope.adjacent(h));
    assertEquals(order, attention.query().weight().rowOrder());
    assertEquals(order, attention.query().bias().rowOrder());
    assertEquals(order, attention.key().weight().rowOrder());
    assertEquals(order, attention.key().bias().rowOrder());
    assertEquals(order, attention.queryNorm().orElseThrow().weight().rowOrder());
    assertEquals(order, attention.keyNorm().orElseThrow().weight().rowOrder());
    assertEquals(RowOrder.AS_STORED, attention.value().weight().rowOrder());
    assertEquals(RowOrder.AS_STORED, attention.output().weight().rowOrder());
    assertEquals(attention, Attention.grouped(h, 0).withRope(Rope.adjacent(h)).withHeadNorms(h, 0));
    var halves = Attention.grouped(h, 0).withRope(Rope.halves(h));
    assertEquals(RowOrder.AS_STORED, halves.query().weight().rowOrder());
  }

  @Test
  void queriesGrowEachTimeTheFirstContextIsPassed() {
    var temperature = new AttentionTemperature(0.4, 8);
    assertEquals(1, temperature.at(0));
    assertEquals(1, temperature.at(7));
    assertEquals((float) (1 + 0.4 * Math.log(2)), temperature.at(8));
    assertEquals((float) (1 + 0.4 * Math.log(4)), temperature.at(31));
    assertThrows(IllegalArgumentException.class, () -> new AttentionTemperature(1, 0));
  }

  private Rope rope() throws ModelFormatException {
    return Rope.adjacent(Hyperparameters.of(checkpoint.metadata()));
  }

  private TinyCheckpoints yarn(double factor, int original) {
    return checkpoint
        .with("rope.scaling.type", "yarn")
        .with("rope.scaling.factor", factor)
        .with("rope.scaling.original_context_length", original);
  }

  private static double[] plain(int dimensions, double base) {
    return IntStream.range(0, dimensions / 2)
        .mapToDouble(i -> 1 / Math.pow(base, 2.0 * i / dimensions))
        .toArray();
  }

  private static double[] yarn(
      int dimensions, double base, double factor, int original, double fast, double slow) {
    double low = Math.max(Math.floor(correction(dimensions, base, original, fast)), 0);
    double high = Math.min(Math.ceil(correction(dimensions, base, original, slow)), dimensions - 1);
    var frequencies = plain(dimensions, base);
    for (int i = 0; i < frequencies.length; i++) {
      double ramp = Math.min(1, Math.max(0, (i - low) / Math.max(high - low, 0.001)));
      frequencies[i] = frequencies[i] / factor * ramp + frequencies[i] * (1 - ramp);
    }
    return frequencies;
  }

  private static double correction(int dimensions, double base, int original, double turns) {
    double logarithm = Math.log(original / (turns * 2 * Math.PI));
    return dimensions * logarithm / (2 * Math.log(base));
  }

  private static double[] reordered(double[] stored, RowOrder order) {
    return IntStream.range(0, stored.length)
        .mapToDouble(row -> stored[order.rowInFile(row)])
        .toArray();
  }

  private static void turn(double[] x, int first, int second, double angle) {
    double x0 = x[first];
    double x1 = x[second];
    x[first] = x0 * Math.cos(angle) - x1 * Math.sin(angle);
    x[second] = x0 * Math.sin(angle) + x1 * Math.cos(angle);
  }
}
