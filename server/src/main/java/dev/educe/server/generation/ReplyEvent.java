package dev.educe.server.generation;

import dev.educe.server.model.Happening.Piece;
import dev.educe.server.model.Happening.TokenUsage;
import java.util.List;
import java.util.Optional;

/// What becomes of an answer in a conversation: reasoning, text and calls as they are written, then
/// one end. No wire format knows more.
public sealed interface ReplyEvent {
  /// Which of the request's answers it is about, from 0.
  int choice();

  /// A piece of the model's reasoning.
  record Reasoning(int choice, String text) implements ReplyEvent {}

  /// A piece of text for the reader.
  ///
  /// @param choice which answer
  /// @param text not empty
  /// @param tokens it was made of, if their probabilities were asked for
  record Text(int choice, String text, List<Piece> tokens) implements ReplyEvent {}

  /// A call of a tool begins.
  ///
  /// @param choice which answer
  /// @param index of the call in the answer, from 0
  /// @param id that its result refers to
  /// @param name of the tool
  record CallBegin(int choice, int index, String id, String name) implements ReplyEvent {}

  /// A piece of a call's arguments, which together are a JSON object.
  record CallArguments(int choice, int index, String json) implements ReplyEvent {}

  /// A call ends.
  ///
  /// @param choice which answer
  /// @param index of the call
  /// @param isWhole whether its arguments are whole; if not, it must not be run
  record CallEnd(int choice, int index, boolean isWhole) implements ReplyEvent {}

  /// The answer has ended; nothing follows.
  ///
  /// @param choice which answer
  /// @param reason why
  /// @param stop the stop text that ended it, if one did
  /// @param usage what it took
  /// @param reasoningTokens of the generated tokens, how many were reasoning
  record End(
      int choice, Reason reason, Optional<String> stop, TokenUsage usage, int reasoningTokens)
      implements ReplyEvent {}

  /// Why an answer ended.
  enum Reason {
    /// The model has said it all, or a stop text came.
    STOP,
    /// There was no room for more.
    LENGTH,
    /// Tools are to be called.
    CALLS
  }
}
