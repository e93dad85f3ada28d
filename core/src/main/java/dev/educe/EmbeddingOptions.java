package dev.educe;

import java.time.Duration;
import java.util.OptionalInt;

/// How texts become vectors. Immutable; `withX` copies.
///
/// @param dimensions how many of a vector's first values to keep, which are made one long again;
///   empty for all. Only models that were trained for it lose little by that.
/// @param tenant whose request it is: tenants get equal parts of the machine
/// @param priority requests of a higher one go first
/// @param deadline how long it may take in all; zero for as long as it takes
public record EmbeddingOptions(
    OptionalInt dimensions, String tenant, int priority, Duration deadline) {
  private static final EmbeddingOptions DEFAULTS =
      new EmbeddingOptions(OptionalInt.empty(), "", 0, Duration.ZERO);

  /// @throws IllegalArgumentException if a number is out of range
  public EmbeddingOptions {
    if (dimensions.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "dimensions must be positive, got " + dimensions.getAsInt());
    }
    if (deadline.isNegative()) {
      throw new IllegalArgumentException("deadline must not be negative, got " + deadline);
    }
  }

  /// All dimensions, no tenant, priority 0, no deadline.
  public static EmbeddingOptions defaults() {
    return DEFAULTS;
  }

  public EmbeddingOptions withDimensions(int dimensions) {
    return new EmbeddingOptions(OptionalInt.of(dimensions), tenant, priority, deadline);
  }

  public EmbeddingOptions withTenant(String tenant) {
    return new EmbeddingOptions(dimensions, tenant, priority, deadline);
  }

  public EmbeddingOptions withPriority(int priority) {
    return new EmbeddingOptions(dimensions, tenant, priority, deadline);
  }

  public EmbeddingOptions withDeadline(Duration deadline) {
    return new EmbeddingOptions(dimensions, tenant, priority, deadline);
  }

  /// How long what is handed in now may take; 0 for as long as it takes.
  long nanosLeft(long nanosPassed) {
    return deadline.isZero() ? 0 : Math.max(1, deadline.toNanos() - nanosPassed);
  }
}
