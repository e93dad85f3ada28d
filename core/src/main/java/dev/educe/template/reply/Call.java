package dev.educe.template.reply;

import java.util.function.Predicate;

/// A single call on its way out.
final class Call implements CharSink {
  private final Parts parts;
  private final Predicate<String> allowed;
  private boolean began;
  private boolean ended;

  /// @param parts takes what is known of the call
  /// @param allowed whether a call may have this name
  Call(Parts parts, Predicate<String> allowed) {
    this.parts = parts;
    this.allowed = allowed;
  }

  /// Begins the call, unless it has begun.
  ///
  /// @return whether it may have this name
  boolean begin(String id, String name) {
    if (!began && allowed.test(name)) {
      began = true;
      parts.begin(id, name);
    }
    return began;
  }

  @Override
  public void accept(char c) {
    parts.argument(c);
  }

  void end(boolean complete) {
    if (began && !ended) {
      ended = true;
      parts.end(complete);
    }
  }

  boolean began() {
    return began;
  }
}
