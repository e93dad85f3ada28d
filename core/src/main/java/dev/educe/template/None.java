package dev.educe.template;

/// Python's `None`.
enum None implements Value {
  NONE;

  @Override
  public String typeName() {
    return "NoneType";
  }

  @Override
  public boolean isTrue() {
    return false;
  }
}
