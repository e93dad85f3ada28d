package dev.educe.optimize.train;

import dev.educe.model.WeightSpec;
import dev.educe.optimize.train.Parameters.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Has a student's layers resemble the teacher's: what a teacher thinks on the way says more of a
/// text than its last word.
///
/// After each of the student's layers its hidden state is normalized and projected to the size of
/// the teacher's; the mean squared distance from the teacher's own state, after the layer at the
/// same share of its depth, normalized likewise, is added to the loss. The projections learn with
/// the student and are no part of it. The weight of all that falls evenly to zero over a training,
/// whose last steps are for the predictions alone.
///
/// Source: Romero et al. 2015, "FitNets: Hints for Thin Deep Nets", section 2.2.
final class Hints {
  private final FloatTeacher teacher;
  private final Parameters parameters;
  private final List<Hint> hints = new ArrayList<>(); // one for each of the student's layers
  private final boolean[] isThere; // [rows]
  private float weight;

  private static final class Hint {
    private final int teacherLayer;
    private final RmsNorm norm;
    private final Linear projection;
    private final float[] normalized; // [rows, hiddenSize]
    private final float[] dNormalized;
    private final float[] projected; // [rows, the teacher's hidden size], then its gradient
    private final float[] wanted; // likewise

    Hint(Team team, Parameters parameters, int layer, int teacherLayer, int rowsMax) {
      Parameter gain = parameters.all().get(2 * layer);
      Parameter matrix = parameters.all().get(2 * layer + 1);
      this.teacherLayer = teacherLayer;
      this.norm = new RmsNorm(team, parameters, gain, Network.HINT_EPSILON, rowsMax);
      this.projection = new Linear(team, parameters, matrix);
      this.normalized = new float[rowsMax * matrix.columns()];
      this.dNormalized = normalized.clone();
      this.projected = new float[rowsMax * matrix.rows()];
      this.wanted = projected.clone();
    }
  }

  /// @param layers of the student
  /// @param hiddenSize of the student
  Hints(Team team, FloatTeacher teacher, int layers, int hiddenSize, int rowsMax, long seed) {
    this.teacher = teacher;
    this.isThere = new boolean[rowsMax];
    var specs = new ArrayList<WeightSpec>();
    for (int layer = 0; layer < layers; layer++) {
      specs.add(WeightSpec.vector("hint." + layer + ".norm.weight", hiddenSize));
      specs.add(WeightSpec.matrix("hint." + layer + ".weight", teacher.hiddenSize(), hiddenSize));
    }
    this.parameters = new Parameters(specs);
    parameters.randomize(~seed, 1);
    for (int layer = 0; layer < layers; layer++) {
      int ofTeacher = Math.max(1, Math.round((layer + 1f) * teacher.layers() / layers)) - 1;
      hints.add(new Hint(team, parameters, layer, ofTeacher, rowsMax));
    }
  }

  Parameters parameters() {
    return parameters;
  }

  /// Begins a step.
  ///
  /// @param share of its first weight that it has still
  void begin(float share) {
    weight = share;
    Arrays.fill(isThere, false);
    Arrays.fill(parameters.gradients(), 0);
  }

  /// Takes the teacher's states of a row that it was just asked for.
  ///
  /// @param row of the batch
  /// @param teacherRow of the teacher's text
  void take(int row, int teacherRow) {
    isThere[row] = true;
    int size = teacher.hiddenSize();
    for (var hint : hints) {
      float[] states = teacher.states(hint.teacherLayer);
      int from = teacherRow * size;
      float mean = Sums.product(states, from, states, from, size) / size;
      float inverse = (float) (1 / Math.sqrt(mean + (double) Network.HINT_EPSILON));
      for (int i = 0; i < size; i++) {
        hint.wanted[row * size + i] = states[from + i] * inverse;
      }
    }
  }

  /// Adds to the gradient of the hidden state after one of the student's layers, and to that of the
  /// projection.
  void differentiate(int layer, float[] hidden, float[] dHidden, int rows) {
    var hint = hints.get(layer);
    int size = teacher.hiddenSize();
    hint.norm.forward(hidden, hint.normalized, rows);
    hint.projection.forward(hint.normalized, hint.projected, rows);
    float scale = 2 * weight / ((float) rows * size);
    for (int row = 0; row < rows; row++) {
      float share = isThere[row] ? scale : 0;
      for (int i = row * size; i < (row + 1) * size; i++) {
        hint.projected[i] = (hint.projected[i] - hint.wanted[i]) * share;
      }
    }
    hint.projection.backward(hint.normalized, hint.projected, hint.dNormalized, rows, false);
    hint.norm.backward(hidden, hint.dNormalized, dHidden, rows);
  }
}
