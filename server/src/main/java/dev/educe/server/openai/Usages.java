package dev.educe.server.openai;

import dev.educe.server.model.Happening.TokenUsage;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a request took, as OpenAI has it.
final class Usages {
  private Usages() {}

  static Map<String, Object> of(TokenUsage usage) {
    var object = new LinkedHashMap<String, Object>();
    object.put("prompt_tokens", usage.promptTokens());
    object.put("completion_tokens", usage.generatedTokens());
    object.put("total_tokens", usage.promptTokens() + usage.generatedTokens());
    object.put("prompt_tokens_details", Map.of("cached_tokens", usage.cachedTokens()));
    return object;
  }

  /// The same in the words of responses.
  ///
  /// @param reasoningTokens of the generated tokens, how many were reasoning
  static Map<String, Object> ofResponse(TokenUsage usage, int reasoningTokens) {
    var object = new LinkedHashMap<String, Object>();
    object.put("input_tokens", usage.promptTokens());
    object.put(
        "input_tokens_details",
        Map.of("cached_tokens", usage.cachedTokens(), "cache_write_tokens", 0));
    object.put("output_tokens", usage.generatedTokens());
    object.put("output_tokens_details", Map.of("reasoning_tokens", reasoningTokens));
    object.put("total_tokens", usage.promptTokens() + usage.generatedTokens());
    return object;
  }

  /// The same of conversations.
  ///
  /// @param reasoningTokens of the generated tokens, how many were reasoning
  static Map<String, Object> ofChat(TokenUsage usage, int reasoningTokens) {
    var object = of(usage);
    object.put("completion_tokens_details", Map.of("reasoning_tokens", reasoningTokens));
    return object;
  }
}
