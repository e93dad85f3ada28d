package dev.educe.template;

/// A macro of the template, or the body of a call block.
///
/// @param code what was written
/// @param scope where: what its body sees
record Macro(Node.MacroCode code, Scope scope) implements Value {
  String shownName() {
    return code.name().isEmpty() ? "anonymous" : "'" + code.name() + "'";
  }

  @Override
  public String typeName() {
    return "Macro";
  }

  @Override
  public boolean isTrue() {
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
