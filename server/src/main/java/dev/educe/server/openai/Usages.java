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

  /// The same of conversations.
  ///
  /// @param reasoningTokens of the generated tokens, how many were reasoning
  static Map<String, Object> ofChat(TokenUsage usage, int reasoningTokens) {
    var object = of(usage);
    object.put("completion_tokens_details", Map.of("reasoning_tokens", reasoningTokens));
    return object;
  }
}
