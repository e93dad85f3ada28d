package dev.educe;

import dev.educe.sampling.LogProbabilities;
import java.util.List;

/// A finished generation.
///
/// @param text all that was handed over
/// @param tokens the generated ids
/// @param logprobs how likely the model found each of them, if that was asked for; else empty
/// @param promptLogprobs the same of the prompt's tokens from the second on
/// @param finish why it ended
/// @param usage what it took
public record Generation(
    String text,
    List<Integer> tokens,
    List<LogProbabilities> logprobs,
    List<LogProbabilities> promptLogprobs,
    Finish finish,
    Usage usage) {
  /// Why a generation ended.
  public enum Finish {
    /// An end-of-text token, a stop text, or all that a constraint allows.
    STOP,
    /// As many tokens as were asked for, or a full context.
    LENGTH,
    /// It was cancelled, or its deadline has passed.
    CANCELLED
  }

  /// What a generation took.
  ///
  /// @param promptTokens tokens of the prompt; of several continuations of one prompt, the first
  ///   counts them, and the others none, so that sums are right
  /// @param cachedTokens of those, how many were computed before, for another generation
  /// @param generatedTokens tokens written
  /// @param draftedTokens guesses of what comes next that were computed
  /// @param rejectedTokens of those, how many did not come true
  /// @param promptNanos time to read the prompt
  /// @param firstTokenNanos time from the call to the first token
  /// @param decodeNanos time from the first token to the last
  /// @param seed of the draws, to repeat them
  public record Usage(
      int promptTokens,
      int cachedTokens,
      int generatedTokens,
      int draftedTokens,
      int rejectedTokens,
      long promptNanos,
      long firstTokenNanos,
      long decodeNanos,
      long seed) {
    /// Tokens read per second, those computed before apart.
    public double promptRate() {
      return promptNanos == 0 ? 0 : (promptTokens - cachedTokens) * 1e9 / promptNanos;
    }

    /// Tokens written per second, the first one apart.
    public double decodeRate() {
      return decodeNanos == 0 ? 0 : (generatedTokens - 1) * 1e9 / decodeNanos;
    }
  }
}
