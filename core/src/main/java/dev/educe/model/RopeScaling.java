package dev.educe.model;

import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;

/// How the frequencies of a rotary embedding are slowed down for contexts longer than the model was
/// first trained with.
public sealed interface RopeScaling {
  /// What the frequency of a pair is multiplied by.
  double share(int pair, Rope rope);

  /// What cosine and sine are multiplied by.
  double magnitude();

  /// What the checkpoint says: `rope.scaling.type` is `none`, `linear` (also when absent) or
  /// `yarn`.
  ///
  /// @throws UnsupportedModelException if it is another
  static RopeScaling of(Hyperparameters h) throws ModelFormatException {
    var type = h.text("rope.scaling.type", "linear");
    return switch (type) {
      case "none" -> new Linear(1);
      case "linear" -> new Linear(factor(h));
      case "yarn" ->
          new Yarn(
              factor(h),
              h.originalContextLength(),
              h.positive("rope.scaling.yarn_beta_fast", 32),
              h.positive("rope.scaling.yarn_beta_slow", 1),
              h.number("rope.scaling.yarn_log_multiplier", 0),
              h.number("rope.scaling.yarn_ext_factor", -1));
      default ->
          throw new UnsupportedModelException(
              "%s: the RoPE scaling '%s' is not supported; there are none, linear and yarn"
                  .formatted(h.source(), type));
    };
  }

  /// Zero and absent mean no scaling; `rope.scale_linear` is what old files call it.
  private static double factor(Hyperparameters h) throws ModelFormatException {
    double factor = h.number("rope.scaling.factor", h.number("rope.scale_linear", 0));
    if (factor < 0) {
      throw h.invalid("rope.scaling.factor", "a positive number", factor);
    }
    return factor == 0 ? 1 : factor;
  }

  /// Every frequency divided by the same factor; 1 leaves them alone.
  ///
  /// Source: Chen et al. 2023, "Extending Context Window of Large Language Models via Positional
  /// Interpolation".
  record Linear(double factor) implements RopeScaling {
    @Override
    public double share(int pair, Rope rope) {
      return 1 / factor;
    }

    @Override
    public double magnitude() {
      return 1;
    }
  }

  /// Fast frequencies are left alone, slow ones divided by the factor, those between mixed; queries
  /// and keys grow with the logarithm of the factor.
  ///
  /// Source: Peng et al. 2023, "YaRN", sections 3.2 to 3.4; ggml `ops.cpp` (`rope_yarn`) and
  /// llama.cpp `llama-context.cpp` for the magnitude.
  ///
  /// @param originalContextLength the context that the model was first trained with
  /// @param betaFast turns within that context from which on a pair is left alone
  /// @param betaSlow turns within that context up to which a pair is divided by the whole factor
  /// @param logMultiplier how much of the growth of queries and keys the model itself takes back: 0
  ///   nothing, 1 all
  /// @param extrapolation how much the fast frequencies are left alone; negative means 1
  record Yarn(
      double factor,
      int originalContextLength,
      double betaFast,
      double betaSlow,
      double logMultiplier,
      double extrapolation)
      implements RopeScaling {
    public Yarn {
      extrapolation = extrapolation < 0 ? 1 : extrapolation;
    }

    @Override
    public double share(int pair, Rope rope) {
      double low = Math.max(0, Math.floor(pairWithTurns(betaFast, rope)));
      double high = Math.min(rope.dimensions() - 1, Math.ceil(pairWithTurns(betaSlow, rope)));
      // ggml keeps the ramp from being a step in the same way.
      double ramp = Math.clamp((pair - low) / Math.max(0.001, high - low), 0.0, 1.0);
      double untouched = (1 - ramp) * extrapolation;
      return (1 - untouched) / factor + untouched;
    }

    /// The pair, a fraction, that makes so many turns within the original context: solves `turns ·
    /// 2π = originalContextLength · theta^(−2·pair / dimensions)`.
    private double pairWithTurns(double turns, Rope rope) {
      return rope.dimensions()
          * StrictMath.log(originalContextLength / (turns * 2 * Math.PI))
          / (2 * StrictMath.log(rope.theta()));
    }

    @Override
    public double magnitude() {
      return extrapolation == 0 ? 1 : growth(1) / growth(logMultiplier);
    }

    private double growth(double multiplier) {
      return factor <= 1 ? 1 : 1 + 0.1 * multiplier * StrictMath.log(factor);
    }
  }
}
