package dev.educe.optimize.train;

import dev.educe.kernels.Exponential;

/// How far a student's predictions are from what they should be, and the gradient of that.
///
/// A row's loss is the cross-entropy with its target: the teacher's distribution times `soft`, the
/// token that came times the rest; where the teacher said nothing, that token alone. Less the
/// teacher's entropy, which is a constant, the first part is the Kullback-Leibler divergence.
///
/// Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section
/// 2.
final class DistilLoss {
  private final Team team;
  private final int vocabularySize;
  private final float soft;
  private final double[] hardLosses; // [rows]
  private final double[] divergences; // [rows]
  private final float[][] scratch; // [threads][a chunk]

  /// Means over a batch, in nats.
  ///
  /// @param hard of the tokens that came
  /// @param divergence from the teacher, over the rows that have a distribution of its
  /// @param softRows how many have
  record Value(double hard, double divergence, int softRows, int rows) {}

  /// @param soft share of the teacher's distribution, 0 to 1
  DistilLoss(Team team, int vocabularySize, float soft, int rowsMax) {
    this.team = team;
    this.vocabularySize = vocabularySize;
    this.soft = soft;
    this.hardLosses = new double[rowsMax];
    this.divergences = new double[rowsMax];
    this.scratch = new float[team.threads()][Team.CHUNK_ROWS * vocabularySize + 16];
  }

  /// Measures a batch, and puts the gradient of the mean loss in the place of the logits.
  Value differentiate(float[] logits, Targets targets, Batch batch) {
    int rows = batch.rows();
    team.rows(
        rows, (first, last, worker) -> chunk(logits, targets, batch, first, last, scratch[worker]));
    double hard = 0;
    double divergence = 0;
    int softRows = 0;
    for (int row = 0; row < rows; row++) {
      hard += hardLosses[row];
      if (targets.isSoft(row)) {
        divergence += divergences[row];
        softRows++;
      }
    }
    return new Value(hard / rows, softRows == 0 ? 0 : divergence / softRows, softRows, rows);
  }

  /// Nats of the token that came, of a row of the last batch.
  double hardLoss(int row) {
    return hardLosses[row];
  }

  private void chunk(
      float[] logits, Targets targets, Batch batch, int first, int last, float[] exponentials) {
    int size = vocabularySize;
    for (int row = first; row < last; row++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = row * size; i < (row + 1) * size; i++) {
        max = logits[i] > max ? logits[i] : max;
      }
      for (int i = 0; i < size; i++) {
        logits[row * size + i] -= max;
      }
    }
    System.arraycopy(logits, first * size, exponentials, 0, (last - first) * size);
    team.kernels().exp(exponentials, (last - first) * size);
    float share = 1f / batch.rows();
    for (int row = first; row < last; row++) {
      int at = row * size;
      int from = (row - first) * size;
      float sum = Sums.of(exponentials, from, size);
      float logSum = Exponential.log(sum);
      int label = batch.labels()[row];
      hardLosses[row] = (double) logSum - logits[at + label];
      float hardShare = share;
      float[] wanted = targets.probabilities();
      int wantedFrom = targets.offset(row);
      float scale = share / sum;
      if (targets.isSoft(row)) {
        float agreement = Sums.product(wanted, wantedFrom, logits, at, size);
        divergences[row] = (double) logSum - agreement - targets.entropy(row);
        hardShare *= 1 - soft;
        float softShare = share * soft;
        for (int i = 0; i < size; i++) {
          logits[at + i] = exponentials[from + i] * scale - wanted[wantedFrom + i] * softShare;
        }
      } else {
        for (int i = 0; i < size; i++) {
          logits[at + i] = exponentials[from + i] * scale;
        }
      }
      logits[at + label] -= hardShare;
    }
  }
}
