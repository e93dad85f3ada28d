package dev.educe.cli.load;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// The two addresses of OpenAI's API that write text: what they are sent, and where the text stands
/// in what they stream.
public enum Endpoint {
  /// Continues a text, or a list of token ids.
  COMPLETIONS("/v1/completions"),
  /// Answers a conversation; here, one message.
  CHAT("/v1/chat/completions");

  private final String path;

  Endpoint(String path) {
    this.path = path;
  }

  /// Where it is on a server.
  public String path() {
    return path;
  }

  /// @param prompt a text, or for completions an `int[]` of token ids
  Map<String, Object> body(Object prompt) {
    var body = new LinkedHashMap<String, Object>();
    switch (this) {
      case COMPLETIONS -> body.put("prompt", prompt);
      case CHAT -> body.put("messages", List.of(Map.of("role", "user", "content", prompt)));
    }
    return body;
  }

  /// Whether a chunk of a stream brings text, thought or said.
  boolean hasText(JsonNode chunk) {
    JsonNode choice = chunk.path("choices").path(0);
    return switch (this) {
      case COMPLETIONS -> isText(choice.path("text"));
      case CHAT -> {
        JsonNode delta = choice.path("delta");
        yield isText(delta.path("content"))
            || isText(delta.path("reasoning_content"))
            || delta.path("tool_calls").size() > 0;
      }
    };
  }

  /// What a chunk says; empty if it brings something else.
  String said(JsonNode chunk) {
    JsonNode choice = chunk.path("choices").path(0);
    return switch (this) {
      case COMPLETIONS -> choice.path("text").asString("");
      case CHAT -> choice.path("delta").path("content").asString("");
    };
  }

  private static boolean isText(JsonNode node) {
    return node.isString() && !node.stringValue().isEmpty();
  }
}
