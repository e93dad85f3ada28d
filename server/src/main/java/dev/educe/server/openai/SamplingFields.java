package dev.educe.server.openai;

import dev.educe.Request;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.TokenRules;
import dev.educe.server.generation.Stops;
import dev.educe.server.http.Fields;
import dev.educe.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.databind.JsonNode;

/// The parameters that say how tokens are chosen, common to all routes that generate.
final class SamplingFields {
  private static final int STOPS_MAX = 4;
  private static final int BIASES_MAX = 1_024;
  private static final int TOP_K_MAX = 1 << 22;

  private SamplingFields() {}

  /// Temperature, truncation, penalties, biases and seed; OpenAI's defaults where they are absent:
  /// temperature 1 and no truncation.
  ///
  /// Beyond OpenAI's parameters there are those that local servers have: `top_k`, `min_p`,
  /// `repetition_penalty` and `min_tokens`.
  ///
  /// @param vocabularySize which token ids there are
  private static Sampling sampling(Fields fields, int vocabularySize) {
    long seed =
        fields
            .integer("seed", Long.MIN_VALUE, Long.MAX_VALUE)
            .orElseGet(() -> ThreadLocalRandom.current().nextLong());
    int minTokens = fields.integer("min_tokens", 0, Integer.MAX_VALUE).orElse(0L).intValue();
    var rules = TokenRules.NONE.withBias(bias(fields, vocabularySize)).withMinTokens(minTokens);
    double topP = fields.number("top_p", 0, 1).orElse(1.0);
    var sampling =
        Sampling.greedy()
            .withTemperature(fields.number("temperature", 0, 2).orElse(1.0).floatValue())
            .withTopK(fields.integer("top_k", 0, TOP_K_MAX).orElse(0L).intValue())
            .withMinP(fields.number("min_p", 0, 1).orElse(0.0).floatValue())
            .withPresencePenalty(number(fields, "presence_penalty", -2, 2, 0))
            .withFrequencyPenalty(number(fields, "frequency_penalty", -2, 2, 0))
            .withRepetitionPenalty(number(fields, "repetition_penalty", 0.01, 10, 1))
            .with(rules)
            .withSeed(seed);
    // No share at all means the likeliest token.
    return topP == 0 ? sampling.withTopK(1) : sampling.withTopP((float) topP);
  }

  /// All that says how a text is gone on with, but for its length.
  ///
  /// @param tenant whose request it is
  /// @param deadline how long it may take
  static Request request(Fields fields, Tokenizer tokenizer, String tenant, Duration deadline) {
    return Request.of("")
        .withSampling(sampling(fields, tokenizer.vocabularySize()))
        .withStop(Stops.read(fields, "stop", STOPS_MAX))
        .withIgnoreEnd(fields.flag("ignore_eos").orElse(false))
        .withTenant(tenant)
        .withDeadline(deadline);
  }

  private static float number(Fields fields, String name, double min, double max, double fallback) {
    return fields.number(name, min, max).orElse(fallback).floatValue();
  }

  private static Map<Integer, Float> bias(Fields fields, int vocabularySize) {
    var value = fields.value("logit_bias");
    if (value.isEmpty()) {
      return Map.of();
    }
    JsonNode node = value.get();
    String path = fields.path("logit_bias");
    var inner = Fields.of(node, path);
    if (node.size() > BIASES_MAX) {
      throw Fields.invalid(
          path,
          "object_above_max_properties",
          "Invalid '%s': too many properties. Expected an object with at most %,d."
              .formatted(path, BIASES_MAX));
    }
    var bias = new HashMap<Integer, Float>();
    for (String name : node.propertyNames()) {
      int token = tokenId(name, path, vocabularySize);
      inner.number(name, -100, 100).ifPresent(number -> bias.put(token, number.floatValue()));
    }
    return bias;
  }

  private static int tokenId(String name, String path, int vocabularySize) {
    if (name.matches("\\d{1,9}") && Integer.parseInt(name) < vocabularySize) {
      return Integer.parseInt(name);
    }
    throw Fields.invalid(
        path,
        "invalid_value",
        "Invalid '%s': keys are token ids from 0 to %,d.".formatted(path, vocabularySize - 1));
  }

  /// Whether the answer is streamed, and whether usage comes with its last chunk.
  static Streaming streaming(Fields fields) {
    boolean isOn = fields.flag("stream").orElse(false);
    var options = fields.object("stream_options");
    if (options.isPresent() && !isOn) {
      throw Fields.invalid(
          fields.path("stream_options"),
          "invalid_value",
          "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    }
    boolean hasUsage = options.flatMap(inner -> inner.flag("include_usage")).orElse(false);
    options.ifPresent(inner -> {
      inner.refuse("include_obfuscation", "false");
      inner.refuseRest();
    });
    return new Streaming(isOn, hasUsage);
  }

  /// @param isOn whether the answer is streamed
  /// @param hasUsage whether usage comes with its last chunk
  record Streaming(boolean isOn, boolean hasUsage) {}
}
