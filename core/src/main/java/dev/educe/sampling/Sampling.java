package dev.educe.sampling;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// How a token is chosen from logits. Immutable; `with…` copies.
///
/// Settings are grouped by what they are for; the common ones have a copying method here, too:
/// `Sampling.defaults().withTopK(20).with(Dry.of(0.8f))`. [Sampler] says how they take effect.
///
/// @param temperature 0 takes the likeliest token; above, logits are divided by it
/// @param dynamic whether the temperature follows how sure the model is
/// @param truncation which tokens are dropped
/// @param penalties what recent tokens cost
/// @param dry what repetitions cost
/// @param xtc whether top choices are dropped now and then
/// @param mirostat truncation by surprise, in place of all other
/// @param rules what is said about single tokens
/// @param order the chain's order; what is not in it has no effect
/// @param seed of the generator that draws
public record Sampling(
    float temperature,
    DynamicTemperature dynamic,
    Truncation truncation,
    Penalties penalties,
    Dry dry,
    Xtc xtc,
    Mirostat mirostat,
    TokenRules rules,
    List<Stage> order,
    long seed) {
  private static final Sampling GREEDY =
      new Sampling(
          0,
          DynamicTemperature.NONE,
          Truncation.NONE,
          Penalties.NONE,
          Dry.NONE,
          Xtc.NONE,
          Mirostat.NONE,
          TokenRules.NONE,
          Stage.DEFAULT_ORDER,
          0);

  /// @throws IllegalArgumentException if the temperature is out of range or the order names a stage
  ///   twice
  public Sampling {
    Setting.check(
        temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more", temperature);
    order = Stage.checked(order);
  }

  /// The likeliest token each time, without penalties.
  public static Sampling greedy() {
    return GREEDY;
  }

  /// Temperature 0.8 over the 40 likeliest tokens, 95 % of their probability, and nothing below a
  /// twentieth of the likeliest; with a fresh seed of 32 bits, short enough to be typed again.
  public static Sampling defaults() {
    long seed = Integer.toUnsignedLong(ThreadLocalRandom.current().nextInt());
    return GREEDY.withTemperature(0.8f).with(new Truncation(40, 0.95f, 0.05f, 1, 0)).withSeed(seed);
  }

  /// Whether the likeliest token is taken and nothing is drawn.
  public boolean isGreedy() {
    return temperature == 0 && !dynamic.isOn();
  }

  public Sampling withTemperature(float temperature) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(DynamicTemperature dynamic) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(Truncation truncation) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(Penalties penalties) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(Dry dry) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(Xtc xtc) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(Mirostat mirostat) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling with(TokenRules rules) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling withOrder(List<Stage> order) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling withSeed(long seed) {
    return new Sampling(
        temperature, dynamic, truncation, penalties, dry, xtc, mirostat, rules, order, seed);
  }

  public Sampling withTopK(int topK) {
    return with(truncation.withTopK(topK));
  }

  public Sampling withTopP(float topP) {
    return with(truncation.withTopP(topP));
  }

  public Sampling withMinP(float minP) {
    return with(truncation.withMinP(minP));
  }

  public Sampling withTypicalP(float typicalP) {
    return with(truncation.withTypicalP(typicalP));
  }

  public Sampling withRepetitionPenalty(float penalty) {
    return with(penalties.withRepetition(penalty));
  }

  public Sampling withPresencePenalty(float penalty) {
    return with(penalties.withPresence(penalty));
  }

  public Sampling withFrequencyPenalty(float penalty) {
    return with(penalties.withFrequency(penalty));
  }

  public Sampling withPenaltyTokens(int tokens) {
    return with(penalties.withTokens(tokens));
  }
}
