package dev.educe.tensor;

import java.util.List;
import java.util.stream.Collectors;

/// The dimensions of a tensor, outermost first; the last one is contiguous in memory.
///
/// GGUF files list them the other way round; the reader turns them.
public record Shape(List<Long> dimensions) {
  /// More dimensions than any format here has.
  public static final int DIMENSIONS_MAX = 4;

  /// @throws IllegalArgumentException if a dimension is not positive or there are none or too many
  public Shape {
    dimensions = List.copyOf(dimensions);
    if (dimensions.isEmpty() || dimensions.size() > DIMENSIONS_MAX) {
      throw new IllegalArgumentException(
          "a shape has 1 to " + DIMENSIONS_MAX + " dimensions, got " + dimensions.size());
    }
    for (long dimension : dimensions) {
      if (dimension < 1) {
        throw new IllegalArgumentException("dimensions must be positive, got " + dimensions);
      }
    }
  }

  /// A shape of these dimensions, outermost first.
  public static Shape of(long... dimensions) {
    return new Shape(java.util.Arrays.stream(dimensions).boxed().toList());
  }

  /// The last dimension: elements of a row.
  public long columns() {
    return dimensions.getLast();
  }

  /// Rows of all outer dimensions together.
  ///
  /// @throws ArithmeticException if they exceed a long
  public long rows() {
    return dimensions.subList(0, dimensions.size() - 1).stream().reduce(1L, Math::multiplyExact);
  }

  /// All elements.
  ///
  /// @throws ArithmeticException if they exceed a long
  public long elements() {
    return Math.multiplyExact(rows(), columns());
  }

  /// As people write it: `[512, 64]`.
  @Override
  public String toString() {
    return dimensions.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }
}
