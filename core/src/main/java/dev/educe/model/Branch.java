package dev.educe.model;

import java.util.Optional;

/// What one branch of a residual step makes of the hidden state: `after(op(before(h)))`.
public record Branch(Optional<Norm> before, Op op, Optional<Norm> after) {
  /// A norm and what follows it.
  public static Branch of(Norm before, Op op) {
    return new Branch(Optional.of(before), op, Optional.empty());
  }
}
