package dev.educe.model;

import dev.educe.tensor.Shape;

/// A weight that a description wants: its name in the file, its shape, and how it is loaded.
///
/// @param name GGUF's name, which is canonical here: `blk.0.attn_q.weight`
/// @param shape outermost dimension first
/// @param optional whether the checkpoint may lack it
/// @param rowOrder where its rows stand in the file
public record WeightSpec(String name, Kind kind, Shape shape, boolean optional, RowOrder rowOrder) {
  /// What is done with a weight, and so which element types it may have.
  public enum Kind {
    /// `[rows, columns]`, of any type that the backend multiplies by.
    MATRIX,
    /// `[experts, rows, columns]`, likewise; may be one tensor for each expert in the file.
    EXPERTS,
    /// `[experts, columns]`, used in F32: the choice of experts suffers from rounding most.
    ROUTER,
    /// `[size]`, used in F32: norms, biases, frequency factors.
    VECTOR
  }

  /// The whole name of something in a layer: `blk.3.attn_q`.
  public static String inLayer(int layer, String name) {
    return "blk." + layer + "." + name;
  }

  public static WeightSpec matrix(String name, int rows, int columns) {
    return of(name, Kind.MATRIX, Shape.of(rows, columns));
  }

  public static WeightSpec experts(String name, int experts, int rows, int columns) {
    return of(name, Kind.EXPERTS, Shape.of(experts, rows, columns));
  }

  public static WeightSpec router(String name, int experts, int columns) {
    return of(name, Kind.ROUTER, Shape.of(experts, columns));
  }

  public static WeightSpec vector(String name, int size) {
    return of(name, Kind.VECTOR, Shape.of(size));
  }

  private static WeightSpec of(String name, Kind kind, Shape shape) {
    return new WeightSpec(name, kind, shape, false, RowOrder.AS_STORED);
  }

  /// The same, which the checkpoint may lack.
  public WeightSpec asOptional() {
    return new WeightSpec(name, kind, shape, true, rowOrder);
  }

  /// The same, which the checkpoint must have.
  public WeightSpec asRequired() {
    return new WeightSpec(name, kind, shape, false, rowOrder);
  }

  public WeightSpec withRowOrder(RowOrder order) {
    return new WeightSpec(name, kind, shape, optional, order);
  }
}
