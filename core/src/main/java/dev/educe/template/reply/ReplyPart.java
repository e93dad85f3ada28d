package dev.educe.template.reply;

/// A piece of a reply, in the order in which it was written.
///
/// The text of consecutive pieces of a kind belongs together; only how it is cut depends on how it
/// arrived.
public sealed interface ReplyPart {
  /// Text for the reader of the answer.
  ///
  /// @param text not empty
  record Content(String text) implements ReplyPart {}

  /// Text of the model's reasoning.
  ///
  /// @param text not empty
  record Reasoning(String text) implements ReplyPart {}

  /// A tool call begins; comes once for each call.
  ///
  /// @param index of the call within the reply, from 0
  /// @param id that the model gave the call, or empty
  /// @param name of the tool, whole
  record CallBegin(int index, String id, String name) implements ReplyPart {}

  /// A piece of a call's arguments.
  ///
  /// The pieces together are one JSON object, written compactly whatever the model wrote; at any
  /// moment they are the beginning of one.
  ///
  /// @param index of the call
  /// @param json not empty
  record CallArguments(int index, String json) implements ReplyPart {}

  /// A tool call ends; comes once for each call that began.
  ///
  /// @param index of the call
  /// @param complete whether the arguments are whole; if not, the call must not be run
  record CallEnd(int index, boolean complete) implements ReplyPart {}
}
