package dev.educe.template;

import java.util.HashMap;
import java.util.Map;

/// The variables of a block that has its own: what is set in it is not seen outside.
final class Scope {
  private final Scope parent;
  private final Map<String, Value> variables = new HashMap<>();

  private Scope(Scope parent) {
    this.parent = parent;
  }

  /// The outermost, with variables already in it.
  static Scope outermost(Map<String, Value> variables) {
    var scope = new Scope(null);
    scope.variables.putAll(variables);
    return scope;
  }

  Scope inner() {
    return new Scope(this);
  }

  /// What a name means here: the variable of the innermost block that has one.
  Value value(String name) {
    for (var scope = this; scope != null; scope = scope.parent) {
      Value value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return Undefined.name(name);
  }

  void set(String name, Value value) {
    variables.put(name, value);
  }
}
