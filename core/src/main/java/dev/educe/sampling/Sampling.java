package dev.educe.sampling;

/// How a token is chosen from logits. Immutable; `withX` copies.
///
/// @param temperature 0 takes the likeliest token; above, logits are divided by it
/// @param topK keep this many of the likeliest tokens; 0 keeps all
/// @param topP keep the likeliest tokens whose probabilities reach this sum; 1 keeps all
/// @param minP keep tokens at least this likely relative to the likeliest; 0 keeps all
/// @param typicalP keep the most typical tokens whose probabilities reach this sum; 1 keeps all
/// @param repetitionPenalty divides positive and multiplies negative logits of recent tokens; 1 is
///   none
/// @param presencePenalty subtracted from logits of recent tokens
/// @param frequencyPenalty subtracted once for each time a token is among the recent ones
/// @param penaltyTokens how many of the last tokens count as recent; 0 switches penalties off
/// @param seed of the generator that draws
public record Sampling(
    float temperature,
    int topK,
    float topP,
    float minP,
    float typicalP,
    float repetitionPenalty,
    float presencePenalty,
    float frequencyPenalty,
    int penaltyTokens,
    long seed) {
  // Ranges are checked here, withers and factories follow.
}
