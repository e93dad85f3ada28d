package dev.educe.template.reply;

/// How a family writes its reasoning.
///
/// @param open what begins it; where a prompt ends with it, the reply begins inside the reasoning
/// @param close what ends it
/// @param closing what to write to end it early, when its budget is spent
public record ReasoningSyntax(String open, String close, String closing) {
  public ReasoningSyntax {
    if (open.isBlank() || close.isBlank()) {
      throw new IllegalArgumentException("reasoning needs a marker at both ends");
    }
  }
}
