package dev.educe.engine;

/// What all requests of a tenant have taken that have ended.
///
/// @param requests how many
/// @param promptTokens tokens they came with
/// @param cachedTokens of those, how many came from the prefix tree
/// @param generatedTokens tokens written
/// @param recomputedTokens tokens computed again because their pages were taken away
/// @param draftedTokens guesses that steps have computed
/// @param rejectedTokens of those, how many did not come true
/// @param pageNanos pages of the KV cache they held, times how long
public record Totals(
    long requests,
    long promptTokens,
    long cachedTokens,
    long generatedTokens,
    long recomputedTokens,
    long draftedTokens,
    long rejectedTokens,
    long pageNanos) {
  static final Totals ZERO = new Totals(0, 0, 0, 0, 0, 0, 0, 0);

  Totals plus(Usage usage) {
    return new Totals(
        requests + 1,
        promptTokens + usage.promptTokens(),
        cachedTokens + usage.cachedTokens(),
        generatedTokens + usage.generatedTokens(),
        recomputedTokens + usage.recomputedTokens(),
        draftedTokens + usage.draftedTokens(),
        rejectedTokens + usage.rejectedTokens(),
        pageNanos + usage.pageNanos());
  }
}
