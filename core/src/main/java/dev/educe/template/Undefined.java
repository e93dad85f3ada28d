package dev.educe.template;

/// What a name or an attribute is that does not exist: prints as nothing, is false and empty, and
/// all else fails with its message.
///
/// @param message why it is undefined: `'tools' is undefined`
record Undefined(String message) implements Value {
  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  /// @param owner what has no such attribute or element
  static Undefined member(Value owner, Value key) {
    String type = owner == None.NONE ? "None" : owner.typeName() + " object";
    return new Undefined(
        key instanceof Text name
            ? "'%s' has no attribute '%s'".formatted(type, Messages.shortened(name.string()))
            : type + " has no element " + Messages.shown(key));
  }

  /// What jinja2's sandbox gives for an attribute that it denies.
  static Undefined unsafe(Value owner, String name) {
    return new Undefined(
        "access to attribute '%s' of '%s' object is unsafe"
            .formatted(Messages.shortened(name), owner.typeName()));
  }

  TemplateException failure() {
    return new TemplateException(message);
  }

  @Override
  public String typeName() {
    return "Undefined";
  }

  @Override
  public boolean isTrue() {
    return false;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 1;
  }
}
