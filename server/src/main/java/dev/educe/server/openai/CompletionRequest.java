package dev.educe.server.openai;

import dev.educe.sampling.Sampling;
import dev.educe.server.http.Fields;
import dev.educe.server.openai.SamplingFields.Streaming;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// A request for `/v1/completions`.
///
/// @param prompts token ids, one list for each prompt
/// @param texts the prompts as they were given; of ids, their text
/// @param count how many texts for each prompt
/// @param tokensMax how many tokens each may have
/// @param isEchoed whether the prompt is part of the answer
/// @param sampling how tokens are chosen
/// @param stop texts that end one
/// @param streaming whether and how it is streamed
record CompletionRequest(
    List<int[]> prompts,
    List<String> texts,
    int count,
    int tokensMax,
    boolean isEchoed,
    Sampling sampling,
    List<String> stop,
    Streaming streaming) {
  private static final long TOKENS_MAX_DEFAULT = 16;
  private static final int COUNT_MAX = 128;
  private static final int PROMPTS_MAX = 128;

  static CompletionRequest of(Fields fields, Tokenizer tokenizer) {
    fields.ignore("model", "user");
    var prompts = new ArrayList<int[]>();
    var texts = new ArrayList<String>();
    readPrompts(fields, tokenizer, prompts, texts);
    int count = fields.integer("n", 1, COUNT_MAX).orElse(1L).intValue();
    if (count * prompts.size() > COUNT_MAX) {
      throw Fields.invalid(
          "n",
          "integer_above_max_value",
          "Invalid 'n': all prompts together may have at most %,d texts.".formatted(COUNT_MAX));
    }
    int tokensMax =
        fields.integer("max_tokens", 0, Integer.MAX_VALUE).orElse(TOKENS_MAX_DEFAULT).intValue();
    var request =
        new CompletionRequest(
            prompts,
            texts,
            count,
            tokensMax,
            fields.flag("echo").orElse(false),
            SamplingFields.sampling(fields, tokenizer.vocabularySize()),
            SamplingFields.stop(fields),
            SamplingFields.streaming(fields));
    fields.refuse("logprobs");
    fields.refuse("suffix", "\"\"");
    fields.refuse("best_of", "1", Integer.toString(count));
    fields.refuseRest();
    return request;
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
      add(element, "prompt[%d]".formatted(prompts.size()), tokenizer, prompts, texts);
    }
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
    if (tokens.length == 0) {
      throw Fields.invalid(
          path,
          "invalid_value",
          "Invalid '%s': there is nothing to continue; give at least one character."
              .formatted(path));
    }
    prompts.add(tokens);
  }
}
