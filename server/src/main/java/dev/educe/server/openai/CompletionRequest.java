package dev.educe.server.openai;

import dev.educe.Request;
import dev.educe.grammar.GrammarException;
import dev.educe.server.http.Fields;
import dev.educe.server.model.ServedModel;
import dev.educe.server.openai.SamplingFields.Streaming;
import dev.educe.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/// A request for `/v1/completions`.
///
/// @param prompts token ids, one list for each prompt
/// @param texts the prompts as they were given; of ids, their text
/// @param count how many texts for each prompt are answered
/// @param tries how many are generated, of which the likeliest are taken
/// @param isEchoed whether the prompt is part of the answer
/// @param logprobs how many likely tokens are named beside each; empty for no probabilities
/// @param request how the prompts are gone on with
/// @param streaming whether and how it is streamed
record CompletionRequest(
    List<int[]> prompts,
    List<String> texts,
    int count,
    int tries,
    boolean isEchoed,
    OptionalInt logprobs,
    Request request,
    Streaming streaming) {
  private static final long TOKENS_MAX_DEFAULT = 16;
  private static final int COUNT_MAX = 128;
  private static final int TRIES_MAX = 20;
  private static final int PROMPTS_MAX = 128;
  private static final int LOGPROBS_MAX = 5;

  /// @param tenant whose request it is
  /// @param deadline how long it may take
  static CompletionRequest of(Fields fields, ServedModel model, String tenant, Duration deadline) {
    fields.ignore("model");
    fields.text("user");
    var tokenizer = model.tokenizer();
    var prompts = new ArrayList<int[]>();
    var texts = new ArrayList<String>();
    readPrompts(fields, tokenizer, prompts, texts);
    fillGaps(fields, model, prompts);
    checkPrompts(fields, prompts);
    int count = fields.integer("n", 1, COUNT_MAX).orElse(1L).intValue();
    var streaming = SamplingFields.streaming(fields);
    int tries = tries(fields, count, streaming.isOn());
    if (Math.max(count, tries) * prompts.size() > COUNT_MAX) {
      throw Fields.invalid(
          "n",
          "integer_above_max_value",
          "Invalid 'n': all prompts together may have at most %,d texts.".formatted(COUNT_MAX));
    }
    int tokensMax =
        fields.integer("max_tokens", 0, Integer.MAX_VALUE).orElse(TOKENS_MAX_DEFAULT).intValue();
    var request =
        form(fields, model, SamplingFields.request(fields, tokenizer, tenant, deadline))
            .withTokensMax(tokensMax);
    var logprobs =
        fields
            .integer("logprobs", 0, LOGPROBS_MAX)
            .map(likeliest -> OptionalInt.of(likeliest.intValue()))
            .orElse(OptionalInt.empty());
    boolean isEchoed = fields.flag("echo").orElse(false);
    fields.refuseRest();
    return new CompletionRequest(
        prompts, texts, count, tries, isEchoed, logprobs, request, streaming);
  }

  /// What the engine is asked for one of the texts.
  Request generation() {
    var asked = logprobs.isPresent() ? request.withLogprobs(logprobs.getAsInt()) : request;
    if (isEchoed && logprobs.isPresent()) {
      return asked.withPromptLogprobs(logprobs.getAsInt());
    }
    return tries > count && logprobs.isEmpty() ? request.withLogprobs(0) : asked;
  }

  private static int tries(Fields fields, int count, boolean isStreamed) {
    int tries = fields.integer("best_of", 1, TRIES_MAX).orElse((long) count).intValue();
    if (tries < count) {
      throw Fields.invalid(
          "best_of",
          "invalid_value",
          "Invalid 'best_of': it must be at least 'n', which is %,d.".formatted(count));
    }
    if (tries > count && isStreamed) {
      throw Fields.invalid(
          "best_of",
          "invalid_value",
          "Invalid 'best_of': the best of several texts is known at their end and cannot be"
              + " streamed.");
    }
    return tries;
  }

  private static Request form(Fields fields, ServedModel model, Request request) {
    var form = FormFields.guided(fields);
    if (form.isEmpty()) {
      return FormFields.grammar(fields, request, model.grammars());
    }
    try {
      return request.withGrammar(model.grammars().of(form.get()));
    } catch (GrammarException e) {
      throw Fields.invalid("structured_outputs", "unsupported_schema", e.getMessage() + ".");
    }
  }

  private static void readPrompts(
      Fields fields, Tokenizer tokenizer, List<int[]> prompts, List<String> texts) {
    JsonNode prompt = fields.require("prompt");
    if (prompt.isString()) {
      add(prompt, "prompt", tokenizer, prompts, texts);
      return;
    }
    if (!prompt.isArray()) {
      throw Fields.wrongType("prompt", "one of a string or an array", prompt);
    }
    Fields.checkCount(prompt, "prompt", 1, Integer.MAX_VALUE);
    if (prompt.get(0).isNumber()) {
      add(prompt, "prompt", tokenizer, prompts, texts);
      return;
    }
    Fields.checkCount(prompt, "prompt", 1, PROMPTS_MAX);
    for (JsonNode element : prompt) {
      add(element, path(fields, prompts.size()), tokenizer, prompts, texts);
    }
  }

  /// Where a prompt stands.
  private static String path(Fields fields, int index) {
    boolean isAlone = !fields.require("prompt").isArray();
    return isAlone || fields.require("prompt").get(0).isNumber()
        ? "prompt"
        : "prompt[%d]".formatted(index);
  }

  private static void add(
      JsonNode node, String path, Tokenizer tokenizer, List<int[]> prompts, List<String> texts) {
    int[] tokens;
    if (node.isString()) {
      tokens = tokenizer.encode(node.stringValue(), true);
      texts.add(node.stringValue());
    } else {
      tokens = TokenIds.read(node, path, tokenizer.vocabularySize());
      texts.add(tokenizer.decode(tokens));
    }
    prompts.add(tokens);
  }

  private static void checkPrompts(Fields fields, List<int[]> prompts) {
    for (int i = 0; i < prompts.size(); i++) {
      if (prompts.get(i).length == 0) {
        throw Fields.invalid(
            path(fields, i),
            "invalid_value",
            "Invalid '%s': there is nothing to continue; give at least one character."
                .formatted(path(fields, i)));
      }
    }
  }

  /// With a suffix, each prompt asks for what is missing between it and the suffix.
  private static void fillGaps(Fields fields, ServedModel model, List<int[]> prompts) {
    String suffix = fields.text("suffix").orElse("");
    if (suffix.isEmpty()) {
      return;
    }
    var gap = model.gap().orElseThrow(() -> fields.unsupported("suffix"));
    int[] after = model.tokenizer().encodePlain(suffix, false);
    prompts.replaceAll(before -> gap.around(model.tokenizer(), before, after));
  }
}
