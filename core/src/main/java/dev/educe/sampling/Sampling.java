package dev.educe.sampling;

import java.util.concurrent.ThreadLocalRandom;

/// How a token is chosen from logits. Immutable; `withX` copies.
///
/// [Sampler] says in which order the settings take effect.
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
  /// Beyond any use, and low enough that no penalty turns a logit into infinity.
  private static final float PENALTY_MAX = 1000;

  private static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, 1, 0, 0, 64, 0);

  /// @throws IllegalArgumentException if a setting is out of range
  public Sampling {
    check(temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more", temperature);
    check(topK >= 0, "topK", "0 (all) or more", topK);
    check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
    check(minP >= 0 && minP <= 1, "minP", "0 to 1", minP);
    check(typicalP > 0 && typicalP <= 1, "typicalP", "above 0 and at most 1", typicalP);
    check(
        repetitionPenalty >= 1 / PENALTY_MAX && repetitionPenalty <= PENALTY_MAX,
        "repetitionPenalty",
        "0.001 to 1000",
        repetitionPenalty);
    check(
        Math.abs(presencePenalty) <= PENALTY_MAX,
        "presencePenalty",
        "-1000 to 1000",
        presencePenalty);
    check(
        Math.abs(frequencyPenalty) <= PENALTY_MAX,
        "frequencyPenalty",
        "-1000 to 1000",
        frequencyPenalty);
    check(penaltyTokens >= 0, "penaltyTokens", "0 (none) or more", penaltyTokens);
  }

  /// The likeliest token each time, without penalties.
  public static Sampling greedy() {
    return GREEDY;
  }

  /// Temperature 0.8 over the 40 likeliest tokens, 95 % of their probability, and nothing below a
  /// twentieth of the likeliest; with a fresh seed of 32 bits, short enough to be typed again.
  public static Sampling defaults() {
    long seed = Integer.toUnsignedLong(ThreadLocalRandom.current().nextInt());
    return new Sampling(0.8f, 40, 0.95f, 0.05f, 1, 1, 0, 0, 64, seed);
  }

  /// Whether the likeliest token is taken and nothing is drawn.
  public boolean isGreedy() {
    return temperature == 0;
  }

  /// Whether recent tokens change a logit.
  public boolean hasPenalties() {
    return penaltyTokens > 0
        && (repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0);
  }

  public Sampling withTemperature(float temperature) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withTopK(int topK) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withTopP(float topP) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withMinP(float minP) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withTypicalP(float typicalP) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withRepetitionPenalty(float repetitionPenalty) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withPresencePenalty(float presencePenalty) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withFrequencyPenalty(float frequencyPenalty) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withPenaltyTokens(int penaltyTokens) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  public Sampling withSeed(long seed) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyTokens,
        seed);
  }

  private static void check(boolean holds, String name, String rule, Number value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + rule + ", got " + value);
    }
  }
}
