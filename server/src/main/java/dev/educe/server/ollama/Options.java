package dev.educe.server.ollama;

import dev.educe.Request;
import dev.educe.sampling.Mirostat;
import dev.educe.sampling.Sampling;
import dev.educe.server.generation.Stops;
import dev.educe.server.http.Fields;
import dev.educe.server.model.ServedModel;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// The `options` of a request: how it is gone on with, with Ollama's defaults.
///
/// Those about memory and threads are the server's to decide: their types are checked, and they
/// change nothing.
///
/// Source: Ollama's API, "Parameters" of Modelfiles.
final class Options {
  private static final int STOPS_MAX = 64;
  private static final int TOP_K_MAX = 1 << 22;
  // How the server runs a model is for its configuration to say; `num_keep` says what stays when a
  // full context is shifted, and none is here: a text ends where its context does.
  private static final Set<String> NUMBERS_OF_THE_SERVER =
      Set.of("main_gpu", "num_batch", "num_gpu", "num_keep", "num_thread");
  private static final Set<String> FLAGS_OF_THE_SERVER =
      Set.of(
          "embedding_only",
          "f16_kv",
          "logits_all",
          "low_vram",
          "numa",
          "use_mlock",
          "use_mmap",
          "vocab_only");

  private Options() {}

  /// @param tenant whose request it is
  /// @param deadline how long it may take
  static Request read(Fields fields, ServedModel model, String tenant, Duration deadline) {
    var request = Request.of("").withTenant(tenant).withDeadline(deadline);
    var options = fields.object("options");
    if (options.isEmpty()) {
      return request.withSampling(defaults()).withTokensMax(Integer.MAX_VALUE);
    }
    var given = options.get();
    checkContext(given, model);
    // -1 is as many as it likes, -2 as many as there is room for, and 0 no limit either.
    long tokensMax = given.integer("num_predict", -2, Integer.MAX_VALUE).orElse(-1L);
    var read =
        request
            .withSampling(sampling(given))
            .withStop(Stops.read(given, "stop", STOPS_MAX))
            .withTokensMax(tokensMax <= 0 ? Integer.MAX_VALUE : (int) tokensMax);
    refuseRest(given);
    return read;
  }

  /// Refuses options that nobody knows; looks at those that change nothing of vectors.
  static void check(Fields fields, ServedModel model) {
    read(fields, model, "", Duration.ZERO);
  }

  private static Sampling defaults() {
    return Sampling.greedy()
        .withTemperature(0.8f)
        .withTopK(40)
        .withTopP(0.9f)
        .withRepetitionPenalty(1.1f)
        .withPenaltyTokens(64)
        .withSeed(ThreadLocalRandom.current().nextLong());
  }

  private static Sampling sampling(Fields options) {
    var sampling = defaults();
    float topP = number(options, "top_p", 0, 1, 0.9);
    int topK = options.integer("top_k", -1, TOP_K_MAX).orElse(40L).intValue();
    long seed = options.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(-1L);
    int penalized = options.integer("repeat_last_n", -1, Integer.MAX_VALUE).orElse(64L).intValue();
    return sampling
        .withTemperature(number(options, "temperature", 0, 10, 0.8))
        .withTopK(topP == 0 ? 1 : Math.max(0, topK))
        .withTopP(topP == 0 ? 1 : topP)
        .withMinP(number(options, "min_p", 0, 1, 0))
        .withTypicalP(typical(options))
        .withRepetitionPenalty(number(options, "repeat_penalty", 0.01, 10, 1.1))
        .withPresencePenalty(number(options, "presence_penalty", -10, 10, 0))
        .withFrequencyPenalty(number(options, "frequency_penalty", -10, 10, 0))
        .withPenaltyTokens(penalized)
        .with(mirostat(options))
        .withSeed(seed < 0 ? sampling.seed() : seed);
  }

  private static float typical(Fields options) {
    float typical = number(options, "typical_p", 0, 1, 1);
    return typical == 0 ? 1 : typical;
  }

  private static Mirostat mirostat(Fields options) {
    return new Mirostat(
        options.integer("mirostat", 0, 2).orElse(0L).intValue(),
        number(options, "mirostat_tau", 0, 1_000, 5),
        number(options, "mirostat_eta", 0, 1_000, 0.1));
  }

  private static float number(
      Fields options, String name, double min, double max, double fallback) {
    return options.number(name, min, max).orElse(fallback).floatValue();
  }

  /// The context is as long as the server's configuration has it; a shorter one is within it.
  private static void checkContext(Fields options, ServedModel model) {
    Optional<Long> context = options.integer("num_ctx", 0, Integer.MAX_VALUE);
    if (context.orElse(0L) > model.contextLength()) {
      throw Fields.invalid(
          options.path("num_ctx"),
          "integer_above_max_value",
          "Invalid 'options.num_ctx': the context of this model has %,d tokens; the server's"
                  .formatted(model.contextLength())
              + " setting 'models.*.context' can make it longer.");
    }
  }

  private static void refuseRest(Fields options) {
    NUMBERS_OF_THE_SERVER.forEach(
        name -> options.integer(name, Integer.MIN_VALUE, Integer.MAX_VALUE));
    FLAGS_OF_THE_SERVER.forEach(options::flag);
    options.refuse("tfs_z", "1", "1.0");
    options.refuse("penalize_newline", "true");
    options.refuseRest();
  }
}
