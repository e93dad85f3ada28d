package dev.educe.model;

import java.util.List;

/// Adds to the hidden state what its branches make of it: `h += scale · Σ branch(h)`.
///
/// All branches read the same `h`, the one before the step.
public record Residual(float scale, List<Branch> branches) {
  public Residual {
    branches = List.copyOf(branches);
  }

  /// One branch with a norm before it, unscaled: Llama's step.
  public static Residual of(Norm before, Op op) {
    return new Residual(1, List.of(Branch.of(before, op)));
  }
}
