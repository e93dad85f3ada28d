package dev.educe.optimize.train;

import dev.educe.optimize.train.Parameters.Parameter;
import java.util.ArrayList;
import java.util.List;

/// The optimizer: AdamW, with gradients clipped to a norm, and decay of matrices only.
///
/// Source: Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
final class AdamW {
  private static final float BETA_1 = 0.9f;
  private static final float BETA_2 = 0.95f;
  private static final float EPSILON = 1e-8f;
  private static final double NORM_MAX = 1;

  /// Elements of a unit of work.
  private static final int UNIT = 1 << 14;

  private final Team team;
  private final Parameters parameters;
  private final float decay;
  private final float[] means; // of gradients
  private final float[] squares; // of gradients: their mean
  private final List<Unit> units = new ArrayList<>();
  private final double[] partial; // [units]

  private record Unit(int from, int to, boolean isDecayed) {}

  AdamW(Team team, Parameters parameters, float decay) {
    this.team = team;
    this.parameters = parameters;
    this.decay = decay;
    this.means = new float[parameters.values().length];
    this.squares = new float[means.length];
    for (Parameter parameter : parameters.all()) {
      int end = parameter.from() + parameter.size();
      for (int from = parameter.from(); from < end; from += UNIT) {
        units.add(new Unit(from, Math.min(end, from + UNIT), parameter.isMatrix()));
      }
    }
    this.partial = new double[units.size()];
  }

  float[] means() {
    return means;
  }

  float[] squares() {
    return squares;
  }

  /// Takes one step.
  ///
  /// @param number of the step, from 1
  /// @return the gradients' norm before it was clipped
  double step(int number, float rate) {
    float[] gradients = parameters.gradients();
    team.workers()
        .run(
            units.size(),
            (item, _) -> {
              double sum = 0;
              for (int i = units.get(item).from(); i < units.get(item).to(); i++) {
                sum += (double) gradients[i] * gradients[i];
              }
              partial[item] = sum;
            });
    double sum = 0;
    for (double part : partial) {
      sum += part;
    }
    double norm = Math.sqrt(sum);
    float clip = norm > NORM_MAX ? (float) (NORM_MAX / norm) : 1;
    float meanScale = (float) (rate / (1 - StrictMath.pow(BETA_1, number)));
    float squareScale = (float) (1 / (1 - StrictMath.pow(BETA_2, number)));
    team.workers()
        .run(
            units.size(), (item, _) -> update(units.get(item), clip, meanScale, squareScale, rate));
    return norm;
  }

  private void update(Unit unit, float clip, float meanScale, float squareScale, float rate) {
    float[] values = parameters.values();
    float[] gradients = parameters.gradients();
    float keep = unit.isDecayed() ? 1 - rate * decay : 1;
    for (int i = unit.from(); i < unit.to(); i++) {
      float gradient = gradients[i] * clip;
      float mean = BETA_1 * means[i] + (1 - BETA_1) * gradient;
      float square = BETA_2 * squares[i] + (1 - BETA_2) * gradient * gradient;
      means[i] = mean;
      squares[i] = square;
      float size = (float) Math.sqrt(square * squareScale) + EPSILON;
      values[i] = values[i] * keep - meanScale * mean / size;
    }
  }
}
