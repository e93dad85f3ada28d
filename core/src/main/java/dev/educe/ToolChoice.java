package dev.educe;

/// Whether a model may, must or must not call tools.
public sealed interface ToolChoice {
  /// As the model likes.
  ToolChoice AUTO = new Auto();

  /// It is not told of any.
  ToolChoice NONE = new None();

  /// It calls at least one.
  ToolChoice REQUIRED = new Required();

  record Auto() implements ToolChoice {}

  record None() implements ToolChoice {}

  record Required() implements ToolChoice {}

  /// It calls this one.
  record Named(String tool) implements ToolChoice {}

  /// It calls this one.
  static ToolChoice named(String tool) {
    return new Named(tool);
  }
}
