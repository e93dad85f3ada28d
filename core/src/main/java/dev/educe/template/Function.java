package dev.educe.template;

/// Something built in that a template can call: a global, or a method of a value.
///
/// @param name as templates call it
/// @param body what it does
record Function(String name, Body body) implements Value {
  /// What a function does with its arguments.
  @FunctionalInterface
  interface Body {
    Value call(Interpreter interpreter, Arguments arguments);
  }

  @Override
  public String typeName() {
    return "builtin_function_or_method";
  }

  @Override
  public boolean isTrue() {
    return true;
  }
}
