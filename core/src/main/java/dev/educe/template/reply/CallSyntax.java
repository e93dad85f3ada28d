package dev.educe.template.reply;

import java.util.Optional;

/// How a family writes tool calls: a section with one call or several, or a section for each.
///
/// Written: [#open]; for each call what its form says, with [#separator] between calls; [#close].
/// Reading is more lenient: white space beside markers does not matter, a closing marker may be
/// missing, and JSON objects may come in a list or one by one.
///
/// @param open what begins the section; if empty, a call begins at once with its form's beginning
/// @param separator what stands between two calls: where each is a section of its own, the end of
///   one and the beginning of the next; not there if a reply has one call at most
/// @param close what ends the section; may be empty
/// @param form of a single call
public record CallSyntax(String open, Optional<String> separator, String close, CallForm form) {
  /// One call or several.
  CallSyntax(String open, String separator, String close, CallForm form) {
    this(open, Optional.of(separator), close, form);
  }

  /// One call.
  CallSyntax(String open, String close, CallForm form) {
    this(open, Optional.empty(), close, form);
  }

  /// The marker that says that a call begins, without white space and bracket around it: before it
  /// the model is free to write what it likes. Empty if a call is told by its JSON or its name
  /// alone, which can be only where a reply begins.
  public String trigger() {
    String marker = open.strip();
    if (inList()) {
      return marker.substring(0, marker.length() - 1).strip();
    }
    return marker.isEmpty() && form instanceof CallForm.Named ? form.beforeName().strip() : marker;
  }

  /// The marker that ends the section, without the white space and the bracket around it.
  String closeMarker() {
    String marker = close.strip();
    return inList() ? marker.substring(1).strip() : marker;
  }

  /// Whether the calls stand in a list.
  boolean inList() {
    return open.strip().endsWith("[") && close.strip().startsWith("]");
  }
}
