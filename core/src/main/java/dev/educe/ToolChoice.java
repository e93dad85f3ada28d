package dev.educe;

/// Whether a model may, must or must not call tools.
public sealed interface ToolChoice {
  /// As the model likes.
  ToolChoice AUTO = new Auto();

  /// It is not told of any.
  ToolChoice NONE = new None();

  /// It calls one, or several at once if its family can write that and it would rather go on with
  /// another call than with anything else.
  ToolChoice REQUIRED = new Required();

  record Auto() implements ToolChoice {}

  record None() implements ToolChoice {}

  record Required() implements ToolChoice {}

  /// It calls this one, once.
  record Named(String tool) implements ToolChoice {}

  /// It calls this one, once.
  static ToolChoice named(String tool) {
    return new Named(tool);
  }
}
