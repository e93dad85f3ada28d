package dev.educe.optimize.quantize;

import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import java.util.Arrays;
import java.util.Optional;

/// How much the error of each column of a tensor counts.
///
/// @param weights [parts · columns], positive, 1 on average
/// @param columns of the tensor
record ColumnWeights(float[] weights, int columns) {
  // What nothing was seen of in the calibration may still be wanted.
  private static final double FLOOR = 1e-3;

  /// Of a tensor, if anything is known of it.
  ///
  /// @throws ModelFormatException if the matrix is of another model
  static Optional<ColumnWeights> of(TensorEntry tensor, QuantizeOptions options)
      throws ModelFormatException {
    var squares = options.squares(tensor.name());
    if (squares.isEmpty()) {
      return Optional.empty();
    }
    float[] weights = squares.get();
    int columns = Math.toIntExact(tensor.shape().columns());
    int parts = parts(tensor);
    if (weights.length != columns && weights.length != parts * columns) {
      throw new ModelFormatException(
          "the importance matrix has %,d columns for %s, which has %,d: it is of another model"
              .formatted(weights.length, tensor.name(), columns));
    }
    for (int from = 0; from < weights.length; from += columns) {
      normalize(weights, from, columns);
    }
    return Optional.of(new ColumnWeights(weights, columns));
  }

  /// How many matrices a tensor holds.
  static int parts(TensorEntry tensor) {
    return (int) Math.min(Integer.MAX_VALUE, tensor.shape().rows() / rowsOfPart(tensor));
  }

  static long rowsOfPart(TensorEntry tensor) {
    var dimensions = tensor.shape().dimensions();
    return dimensions.size() < 2 ? 1 : dimensions.get(dimensions.size() - 2);
  }

  private static void normalize(float[] weights, int from, int columns) {
    double sum = 0;
    for (int i = from; i < from + columns; i++) {
      sum += weights[i];
    }
    double mean = sum / columns;
    for (int i = from; i < from + columns; i++) {
      weights[i] = mean > 0 ? (float) (weights[i] / mean + FLOOR) : 1;
    }
  }

  /// Those of one part: [columns].
  float[] ofPart(int part) {
    int from = weights.length == columns ? 0 : part * columns;
    return Arrays.copyOfRange(weights, from, from + columns);
  }
}
