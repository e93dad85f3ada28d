package dev.educe.server.model;

import java.util.List;
import java.util.Optional;

/// What becomes of a text that is generated: its prompt's tokens if they were asked for, pieces,
/// then one end.
public sealed interface Happening {
  /// Which of the request's texts it is about.
  int choice();

  /// A token of the prompt was read, from the second on.
  ///
  /// @param choice which of the request's texts it is about
  /// @param logprobs how likely it was
  record PromptToken(int choice, TokenLogprobs logprobs) implements Happening {}

  /// A token was generated.
  ///
  /// @param choice which of the request's texts it is about
  /// @param token its id
  /// @param text what it made certain, perhaps nothing
  /// @param logprobs how likely it was, if that was asked for
  record Piece(int choice, int token, String text, Optional<TokenLogprobs> logprobs)
      implements Happening {}

  /// The text has ended; nothing follows.
  ///
  /// @param choice which of the request's texts it is about
  /// @param finish why
  /// @param text what was held back until now
  /// @param stop the stop text that ended it, if one did
  /// @param cause why it failed or was given up by the engine, if it was
  /// @param usage what it took
  record End(
      int choice,
      Finish finish,
      String text,
      Optional<String> stop,
      Optional<RuntimeException> cause,
      TokenUsage usage)
      implements Happening {}

  /// Why a text ended.
  enum Finish {
    /// A token that ends a text, or a stop text.
    STOP,
    /// As many tokens as were asked for, or a full context.
    LENGTH,
    /// It was given up.
    CANCELLED,
    /// It could not be gone on with.
    FAILED
  }

  /// What a text took.
  ///
  /// @param promptTokens tokens it came with; none if they are another's, too, and counted there
  /// @param cachedTokens of those, how many were computed before
  /// @param generatedTokens tokens written
  /// @param draftedTokens guesses that were computed
  /// @param rejectedTokens of those, how many did not come true
  /// @param queueNanos how long it waited
  /// @param prefillNanos from then until its first token
  /// @param decodeNanos from then until its last
  record TokenUsage(
      int promptTokens,
      int cachedTokens,
      int generatedTokens,
      int draftedTokens,
      int rejectedTokens,
      long queueNanos,
      long prefillNanos,
      long decodeNanos) {
    /// Nothing.
    public static final TokenUsage NONE = new TokenUsage(0, 0, 0, 0, 0, 0, 0, 0);
  }

  /// How likely a token was, and which were likeliest.
  ///
  /// @param logprob natural logarithm
  /// @param top the likeliest, in order
  record TokenLogprobs(float logprob, List<Likely> top) {}

  /// A token and how likely it was.
  record Likely(int token, float logprob) {}
}
