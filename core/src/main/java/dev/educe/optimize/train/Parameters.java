package dev.educe.optimize.train;

import dev.educe.model.WeightSpec;
import dev.educe.optimize.quantize.RowReader;
import dev.educe.sampling.Philox;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// All that a model learns, in one array, and the gradients in another of the same order.
final class Parameters {
  /// The deviation of the embedding's first weights: with it the first logits are small.
  private static final double EMBEDDING_DEVIATION = 0.02;

  /// One weight: where it lies in the arrays.
  ///
  /// @param rows 1 for a vector
  record Parameter(String name, Shape shape, int from, int rows, int columns) {
    int size() {
      return rows * columns;
    }

    boolean isMatrix() {
      return shape.dimensions().size() > 1;
    }

    DenseMatrix of(float[] values) {
      return DenseMatrix.of(values, from, rows, columns);
    }

    /// Fills its place in an array with a tensor of a file.
    void read(RowReader tensor, float[] values) throws IOException {
      var own = new float[size()];
      tensor.read(0, rows, own);
      System.arraycopy(own, 0, values, from, own.length);
    }
  }

  private final Map<String, Parameter> byName;
  private final float[] values;
  private final float[] gradients;

  /// @param specs matrices and vectors, each once
  /// @throws IllegalArgumentException if they are more than an array holds
  Parameters(List<WeightSpec> specs) {
    byName = new LinkedHashMap<>();
    long next = 0;
    for (var spec : specs) {
      var shape = spec.shape();
      if (next + shape.elements() > Integer.MAX_VALUE - 16) {
        throw new IllegalArgumentException("the student has more than two billion parameters");
      }
      int columns = Math.toIntExact(shape.columns());
      int rows = Math.toIntExact(shape.rows());
      byName.put(spec.name(), new Parameter(spec.name(), shape, (int) next, rows, columns));
      next += shape.elements();
    }
    values = new float[(int) next];
    gradients = new float[(int) next];
  }

  List<Parameter> all() {
    return new ArrayList<>(byName.values());
  }

  Parameter get(WeightSpec spec) {
    return byName.get(spec.name());
  }

  boolean has(WeightSpec spec) {
    return byName.containsKey(spec.name());
  }

  float[] values() {
    return values;
  }

  /// Makes ones of vectors, which are norms; of matrices draws from the normal distribution that
  /// are functions of the seed, narrower where a residual step ends, so that the hidden state does
  /// not grow with the layers.
  void randomize(long seed, int layers) {
    double depth = Math.sqrt(2.0 * layers);
    int stream = 0;
    for (Parameter parameter : byName.values()) {
      stream++;
      boolean isEmbedding = parameter.name().startsWith("token_embd");
      boolean isLast = parameter.name().matches(".*(attn_output|ffn_down).*");
      double deviation =
          isEmbedding
              ? EMBEDDING_DEVIATION
              : 0.5 / Math.sqrt(parameter.columns()) / (isLast ? depth : 1);
      for (int i = 0; i < parameter.size(); i++) {
        double value = parameter.isMatrix() ? deviation * normal(seed, i, stream) : 1;
        values[parameter.from() + i] = (float) value;
      }
    }
  }

  /// A draw of the standard normal distribution, by Box and Muller.
  private static double normal(long seed, long index, long stream) {
    var words = new int[4];
    Philox.block(seed, index, stream, words);
    double radius = (Integer.toUnsignedLong(words[0]) + 1) * 0x1p-32;
    double angle = Integer.toUnsignedLong(words[1]) * 0x1p-32 * 2 * Math.PI;
    return Math.sqrt(-2 * StrictMath.log(radius)) * StrictMath.cos(angle);
  }

  float[] gradients() {
    return gradients;
  }
}
