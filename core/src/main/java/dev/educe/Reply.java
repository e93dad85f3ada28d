package dev.educe;

import java.util.List;

/// A model's finished answer in a conversation.
///
/// @param message to be added to the conversation
/// @param generation the text as the model wrote it, markup and all, why it ended and what it took
public record Reply(Message.Assistant message, Generation generation) {
  /// The answer for its reader.
  public String text() {
    return message.text();
  }

  /// The tools that the model asks to have called; those it did not finish asking for are left out.
  public List<ToolCall> calls() {
    return message.calls();
  }
}
