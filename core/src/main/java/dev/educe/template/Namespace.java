package dev.educe.template;

import java.util.Map;

/// What `namespace()` gives: the one thing that a template can change. Each is one of its own.
final class Namespace implements Value {
  private final Map<String, Value> attributes;

  Namespace(Map<String, Value> attributes) {
    this.attributes = attributes;
  }

  Map<String, Value> attributes() {
    return attributes;
  }

  @Override
  public String typeName() {
    return "Namespace";
  }

  @Override
  public boolean isTrue() {
    return true;
  }
}
