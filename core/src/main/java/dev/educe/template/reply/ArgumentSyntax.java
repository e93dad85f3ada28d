package dev.educe.template.reply;

/// How arguments are written where the name stands outside of them.
public sealed interface ArgumentSyntax {
  /// As a JSON object.
  record Json() implements ArgumentSyntax {}

  /// As members between brackets that belong to the form: `city='Paris', days=3`.
  ///
  /// @param assign between a name and its value
  /// @param quote around texts and around nothing else, where that is neither `"` nor `'`; then
  ///   names within values stand bare, too, and nothing is escaped
  record Members(char assign, String quote) implements ArgumentSyntax {}

  /// As elements, one for each argument. Texts stand as they are; other values are JSON.
  ///
  /// @param beforeKey before a parameter's name
  /// @param afterKey between name and text
  /// @param afterJsonKey between name and JSON; the same where only the schema tells
  /// @param afterValue after the value; where this begins with a line break, the value has lines of
  ///   its own
  record Elements(String beforeKey, String afterKey, String afterJsonKey, String afterValue)
      implements ArgumentSyntax {}
}
