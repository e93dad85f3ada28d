package dev.educe.server.anthropic;

import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.model.Happening.TokenUsage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A message as JSON, and its parts, whole or as they begin.
///
/// @param requestId of the request that it answers
/// @param model that wrote it
/// @param request it answers
record MessageBody(String requestId, String model, MessageRequest request) {
  /// The message before there is anything of it.
  Map<String, Object> begun(int promptTokens) {
    return message(
        List.of(), null, null, usage(new TokenUsage(promptTokens, 0, 0, 0, 0, 0, 0, 0), 0));
  }

  Map<String, Object> whole(List<Map<String, Object>> content, ReplyEvent.End end) {
    var usage = usage(end.usage(), end.reasoningTokens());
    return message(content, stopReason(end), end.stop().orElse(null), usage);
  }

  private Map<String, Object> message(
      List<Map<String, Object>> content,
      String stopReason,
      String stopSequence,
      Map<String, Object> usage) {
    var message = new LinkedHashMap<String, Object>();
    message.put("id", requestId.replace("req_", "msg_"));
    message.put("type", "message");
    message.put("role", "assistant");
    message.put("model", model);
    message.put("content", content);
    message.put("stop_reason", stopReason);
    message.put("stop_sequence", stopSequence);
    message.put("usage", usage);
    return message;
  }

  /// Why the answer ended; one that is shorter than it might be has filled the context.
  String stopReason(ReplyEvent.End end) {
    return switch (end.reason()) {
      case STOP -> end.stop().isPresent() ? "stop_sequence" : "end_turn";
      case CALLS -> "tool_use";
      case LENGTH ->
          end.usage().generatedTokens() < request.tokensMax()
              ? "model_context_window_exceeded"
              : "max_tokens";
    };
  }

  /// @param reasoningTokens of the generated tokens, how many were reasoning
  static Map<String, Object> usage(TokenUsage usage, int reasoningTokens) {
    var object = new LinkedHashMap<String, Object>();
    object.put("input_tokens", usage.promptTokens() - usage.cachedTokens());
    object.put("cache_creation_input_tokens", 0);
    object.put("cache_read_input_tokens", usage.cachedTokens());
    object.put("output_tokens", usage.generatedTokens());
    object.put("output_tokens_details", Map.of("thinking_tokens", reasoningTokens));
    object.put("service_tier", "standard");
    return object;
  }

  static Map<String, Object> text(String text) {
    return block("text", "text", text);
  }

  /// Thoughts are not signed: whoever sends them back is believed.
  static Map<String, Object> thinking(String text) {
    var block = block("thinking", "thinking", text);
    block.put("signature", "");
    return block;
  }

  static Map<String, Object> call(String id, String name, Map<String, Object> input) {
    var block = block("tool_use", "id", id);
    block.put("name", name);
    block.put("input", input);
    return block;
  }

  /// An object of a type with one more member.
  static Map<String, Object> block(String type, String name, Object value) {
    var block = new LinkedHashMap<String, Object>();
    block.put("type", type);
    block.put(name, value);
    return block;
  }
}
