package dev.educe.optimize.quantize;

import dev.educe.format.TensorEntry;
import dev.educe.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Which format every tensor of a file is to have.
///
/// @param tensors in the file's order
public record Plan(List<Step> tensors) {
  public Plan {
    tensors = List.copyOf(tensors);
  }

  /// What becomes of one tensor.
  public record Step(TensorEntry tensor, DType type) {
    /// Bytes afterwards.
    public long bytes() {
      return tensor.shape().rows() * type.rowBytes(tensor.shape().columns());
    }

    /// Whether the format changes; otherwise bytes are copied.
    public boolean isConverted() {
      return tensor.type() != type;
    }
  }

  /// Bytes of all tensors afterwards.
  public long bytes() {
    return tensors.stream().mapToLong(Step::bytes).sum();
  }

  /// Bytes of all tensors before.
  public long bytesBefore() {
    return tensors.stream().mapToLong(step -> step.tensor().bytes()).sum();
  }

  /// Weights of all tensors.
  public long weights() {
    return tensors.stream().mapToLong(step -> step.tensor().shape().elements()).sum();
  }

  /// Bits for a weight afterwards, all tensors counted.
  public double bitsPerWeight() {
    return 8.0 * bytes() / weights();
  }

  /// How many weights have which format afterwards.
  public Map<DType, Long> weightsByType() {
    var weights = new TreeMap<DType, Long>();
    for (Step step : tensors) {
      weights.merge(step.type(), step.tensor().shape().elements(), Long::sum);
    }
    return weights;
  }

  /// Whether something is quantized again that was before.
  public boolean isFromQuantized() {
    return tensors.stream()
        .anyMatch(step -> step.isConverted() && step.tensor().type().isQuantized());
  }
}
