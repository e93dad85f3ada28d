package dev.educe.optimize.train;

import dev.educe.optimize.train.Parameters.Parameter;

/// The rows of tokens, and their gradient: each row's is the sum over the tokens that were it.
final class EmbeddingTable {
  /// Columns of a unit of work; tokens are gone through in order in each.
  private static final int COLUMNS = 64;

  private final Team team;
  private final Parameters parameters;
  private final int from;
  private final int size;
  private final float scale;

  EmbeddingTable(Team team, Parameters parameters, Parameter weight, float scale) {
    this.team = team;
    this.parameters = parameters;
    this.from = weight.from();
    this.size = weight.columns();
    this.scale = scale;
  }

  /// @param h `[rows, hiddenSize]`, overwritten
  void forward(Batch batch, float[] h) {
    for (int row = 0; row < batch.rows(); row++) {
      int at = from + batch.tokens()[row] * size;
      for (int i = 0; i < size; i++) {
        h[row * size + i] = parameters.values()[at + i] * scale;
      }
    }
  }

  void backward(Batch batch, float[] dh) {
    team.workers()
        .run(
            Math.ceilDiv(size, COLUMNS),
            (item, _) -> {
              int last = Math.min(size, (item + 1) * COLUMNS);
              for (int row = 0; row < batch.rows(); row++) {
                int at = from + batch.tokens()[row] * size;
                for (int i = item * COLUMNS; i < last; i++) {
                  parameters.gradients()[at + i] += dh[row * size + i] * scale;
                }
              }
            });
  }
}
