package dev.educe.engine;

/// What a request took.
///
/// @param promptTokens tokens it came with; 0 if they are counted with another request
/// @param cachedTokens of those, how many were in the prefix tree when it first ran
/// @param generatedTokens tokens written
/// @param recomputedTokens tokens that were computed again because their pages were taken away
/// @param draftedTokens guesses that steps have computed
/// @param rejectedTokens of those, how many did not come true
/// @param preemptions how often that happened
/// @param queueNanos from its submission until it first ran
/// @param prefillNanos from then until its first token
/// @param decodeNanos from its first token until its last
/// @param pageNanos pages of the KV cache it held, times how long
public record Usage(
    int promptTokens,
    int cachedTokens,
    int generatedTokens,
    int recomputedTokens,
    int draftedTokens,
    int rejectedTokens,
    int preemptions,
    long queueNanos,
    long prefillNanos,
    long decodeNanos,
    long pageNanos) {}
