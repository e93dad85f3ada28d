package dev.educe.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SamplingTest {
  private final Sampling greedy = Sampling.greedy();

  @Test
  void settingsOutOfRangeAreRefusedWithRuleAndValue() {
    refused(() -> greedy.withTemperature(-1), "temperature must be 0 or more, got -1.0");
    refused(() -> greedy.withTemperature(Float.NaN), "temperature must be 0 or more, got NaN");
    refused(
        () -> greedy.withTemperature(Float.POSITIVE_INFINITY),
        "temperature must be 0 or more, got Infinity");
    refused(() -> greedy.withTopK(-1), "topK must be 0 (all) or more, got -1");
    refused(() -> greedy.withTopP(0), "topP must be above 0 and at most 1, got 0.0");
    refused(() -> greedy.withTopP(1.5f), "topP must be above 0 and at most 1, got 1.5");
    refused(() -> greedy.withMinP(-0.1f), "minP must be 0 to 1, got -0.1");
    refused(
        () -> greedy.withTypicalP(Float.NaN), "typicalP must be above 0 and at most 1, got NaN");
    refused(
        () -> greedy.withRepetitionPenalty(0), "repetitionPenalty must be 0.001 to 1000, got 0.0");
    refused(
        () -> greedy.withPresencePenalty(Float.NaN),
        "presencePenalty must be -1000 to 1000, got NaN");
    refused(
        () -> greedy.withFrequencyPenalty(-2000),
        "frequencyPenalty must be -1000 to 1000, got -2000.0");
    refused(
        () -> greedy.withPenaltyTokens(-2),
        "penaltyTokens must be -1 (all), 0 (none) or more, got -2");
  }

  @Test
  void withersChangeOneSettingEach() {
    var all =
        greedy
            .withTemperature(0.5f)
            .withTopK(2)
            .withTopP(0.3f)
            .withMinP(0.4f)
            .withTypicalP(0.5f)
            .withRepetitionPenalty(1.5f)
            .withPresencePenalty(0.6f)
            .withFrequencyPenalty(0.7f)
            .withPenaltyTokens(8)
            .withSeed(9);
    assertEquals(0.5f, all.temperature());
    assertEquals(new Truncation(2, 0.3f, 0.4f, 0.5f, 0), all.truncation());
    assertEquals(new Penalties(1.5f, 0.6f, 0.7f, 8), all.penalties());
    assertEquals(9, all.seed());
    assertEquals(greedy.dry(), all.dry());
  }

  @Test
  void penaltiesThatChangeNothingAreNone() {
    assertFalse(greedy.penalties().isOn());
    assertTrue(greedy.withPresencePenalty(0.1f).penalties().isOn());
    assertFalse(greedy.withPresencePenalty(0.1f).withPenaltyTokens(0).penalties().isOn());
  }

  @Test
  void defaultsDrawWithFreshSeeds() {
    assertFalse(Sampling.defaults().isGreedy());
    assertNotEquals(
        Sampling.defaults().seed() + Sampling.defaults().seed() * 31,
        Sampling.defaults().seed() + Sampling.defaults().seed() * 31);
  }

  private static void refused(Executable change, String message) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, change).getMessage());
  }
}
