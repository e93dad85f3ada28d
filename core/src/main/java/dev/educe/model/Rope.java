package dev.educe.model;

import dev.educe.format.ModelFormatException;
import java.util.Optional;

/// Rotary position embedding: turns pairs of a head's channels by an angle that grows with the
/// position, each pair at its own frequency.
///
/// The angle of pair `i` at position `p` is `p · frequencies[i]`; cosine and sine are multiplied by
/// [#magnitude].
///
/// Source: Su et al. 2021, "RoFormer", section 3.2; scalings in [RopeScaling].
///
/// @param dimensions channels of a head that are rotated, from its first on
/// @param theta the base of the frequencies
/// @param attentionFactor a factor of queries and keys that the checkpoint gives beside the scaling
/// @param pairing how the checkpoint orders the rows that make a pair; see [#rowOrder]
/// @param factors `[dimensions / 2]`: what each frequency is divided by, where the file has it
public record Rope(
    int dimensions,
    double theta,
    RopeScaling scaling,
    double attentionFactor,
    Pairing pairing,
    Optional<WeightSpec> factors) {
  /// Which rows of a head make a pair in the file.
  public enum Pairing {
    /// Rows `2i` and `2i + 1`, as GGUF keeps Llama's.
    ADJACENT,
    /// Rows `i` and `i + dimensions / 2`.
    HALVES
  }

  /// What the checkpoint says of its rotation, with pairs of adjacent rows in the file.
  public static Rope adjacent(Hyperparameters h) throws ModelFormatException {
    return of(h, Pairing.ADJACENT);
  }

  /// What the checkpoint says of its rotation, with pairs half a head apart in the file.
  public static Rope halves(Hyperparameters h) throws ModelFormatException {
    return of(h, Pairing.HALVES);
  }

  private static Rope of(Hyperparameters h, Pairing pairing) throws ModelFormatException {
    return new Rope(
        h.ropeDimensions(),
        h.ropeTheta(),
        RopeScaling.of(h),
        h.positive("rope.scaling.attn_factor", 1),
        pairing,
        Optional.empty());
  }

  /// With factors of the frequencies, from a tensor that the checkpoint may lack.
  public Rope withFactors(String name) {
    var weight = WeightSpec.vector(name, dimensions / 2).asOptional();
    return new Rope(dimensions, theta, scaling, attentionFactor, pairing, Optional.of(weight));
  }

  /// The frequency of each pair, in radians per position.
  ///
  /// @return `[dimensions / 2]`
  public double[] frequencies() {
    var frequencies = new double[dimensions / 2];
    for (int pair = 0; pair < frequencies.length; pair++) {
      double plain = StrictMath.pow(theta, -2.0 * pair / dimensions);
      frequencies[pair] = plain * scaling.share(pair, this);
    }
    return frequencies;
  }

  /// The same, each divided by its factor.
  ///
  /// @param factors the values of [#factors()], `[dimensions / 2]`
  /// @throws IllegalArgumentException if there are not as many as pairs
  public double[] frequencies(float[] factors) {
    var frequencies = frequencies();
    if (factors.length != frequencies.length) {
      throw new IllegalArgumentException(
          "factors must be %d, got %d".formatted(frequencies.length, factors.length));
    }
    for (int pair = 0; pair < frequencies.length; pair++) {
      frequencies[pair] /= factors[pair];
    }
    return frequencies;
  }

  /// What cosine and sine are multiplied by; 1 in most models.
  public float magnitude() {
    return (float) (attentionFactor * scaling.magnitude());
  }

  /// Where the rows of a query or key weight stand in the file, so that pairs are half a head apart
  /// once it is loaded.
  public RowOrder rowOrder(int headSize) {
    return switch (pairing) {
      case ADJACENT -> new RowOrder(headSize, dimensions);
      case HALVES -> RowOrder.AS_STORED;
    };
  }
}
