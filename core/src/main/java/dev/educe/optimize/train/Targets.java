package dev.educe.optimize.train;

/// What the tokens of a batch should be followed by, as a teacher has it.
final class Targets {
  private final int vocabularySize;
  private final float[] probabilities; // [rows, vocabularySize]
  private final double[] entropies; // [rows], in nats
  private final boolean[] isSoft; // [rows]: whether the teacher has said anything

  /// @param rowsMax rows of a batch at most
  Targets(int rowsMax, int vocabularySize) {
    this.vocabularySize = vocabularySize;
    this.probabilities = new float[Math.multiplyExact(rowsMax, vocabularySize)];
    this.entropies = new double[rowsMax];
    this.isSoft = new boolean[rowsMax];
  }

  float[] probabilities() {
    return probabilities;
  }

  /// Where a row begins.
  int offset(int row) {
    return row * vocabularySize;
  }

  boolean isSoft(int row) {
    return isSoft[row];
  }

  double entropy(int row) {
    return entropies[row];
  }

  /// Says that a row has no distribution, so that the label alone counts.
  void setHard(int row) {
    isSoft[row] = false;
  }

  /// Says that a row's distribution stands in [#probabilities].
  void setSoft(int row, double entropy) {
    isSoft[row] = true;
    entropies[row] = entropy;
  }
}
