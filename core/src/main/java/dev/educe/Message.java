package dev.educe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A message of a conversation.
///
/// As JSON it looks as OpenAI's chat API has it, see [#of] and [#fields].
public sealed interface Message {
  /// What the model is told about its task.
  record System(String text) implements Message {}

  /// What a user says.
  record User(String text) implements Message {}

  /// What the model has answered.
  ///
  /// @param text for the reader; may be empty
  /// @param reasoning that came before it; empty if none did
  /// @param calls of tools, in their order
  record Assistant(String text, String reasoning, List<ToolCall> calls) implements Message {
    public Assistant {
      calls = List.copyOf(calls);
    }
  }

  /// What a tool has answered.
  ///
  /// @param callId of the call that it answers; empty where calls have no ids
  /// @param name of the tool; empty if the caller did not say
  /// @param text of the answer
  record ToolResult(String callId, String name, String text) implements Message {}

  static Message system(String text) {
    return new System(text);
  }

  static Message user(String text) {
    return new User(text);
  }

  static Message assistant(String text) {
    return new Assistant(text, "", List.of());
  }

  /// The answer to a call.
  static Message result(ToolCall call, String text) {
    return new ToolResult(call.id(), call.name(), text);
  }

  /// Reads a message from JSON's maps and lists.
  ///
  /// The roles are `system` and `developer`, which mean the same, `user`, `assistant` and `tool`.
  /// Content is a text, a list of text parts, or null where there are tool calls.
  ///
  /// @throws IllegalArgumentException if it is none, with the member to blame; so for images, which
  ///   no model here can see yet
  static Message of(Map<String, ?> fields) {
    String role = text(fields, "role", "user");
    String content = content(fields.get("content"));
    return switch (role) {
      case "system", "developer" -> new System(content);
      case "user" -> new User(content);
      case "assistant" ->
          new Assistant(
              content,
              text(fields, "reasoning_content", ""),
              ToolCall.list(fields.get("tool_calls")));
      case "tool" ->
          new ToolResult(text(fields, "tool_call_id", ""), text(fields, "name", ""), content);
      default ->
          throw new IllegalArgumentException(
              "role must be system, developer, user, assistant or tool, got '" + role + "'");
    };
  }

  private static String content(Object content) {
    return switch (content) {
      case null -> "";
      case String text -> text;
      case List<?> parts -> {
        var texts = new ArrayList<String>();
        for (int i = 0; i < parts.size(); i++) {
          texts.add(part("content[" + i + "]", parts.get(i)));
        }
        yield String.join("\n", texts);
      }
      default -> throw new IllegalArgumentException("content must be a text or a list of parts");
    };
  }

  private static String part(String name, Object part) {
    if (!(part instanceof Map<?, ?> fields) || !(fields.get("type") instanceof String type)) {
      throw new IllegalArgumentException(name + " must be an object with a type");
    }
    if (!type.equals("text")) {
      throw new IllegalArgumentException(
          "%s is of the type '%s', which is not supported; give parts of the type 'text'"
              .formatted(name, type));
    }
    if (!(fields.get("text") instanceof String text)) {
      throw new IllegalArgumentException(name + ".text must be a text");
    }
    return text;
  }

  /// A member that is a text; absent and null are `otherwise`.
  private static String text(Map<String, ?> fields, String name, String otherwise) {
    return switch (fields.get(name)) {
      case null -> otherwise;
      case String text -> text;
      default -> throw new IllegalArgumentException(name + " must be a text");
    };
  }

  /// `system`, `user`, `assistant` or `tool`.
  default String role() {
    return switch (this) {
      case System _ -> "system";
      case User _ -> "user";
      case Assistant _ -> "assistant";
      case ToolResult _ -> "tool";
    };
  }

  /// What was said.
  String text();

  /// The message as JSON has it, the arguments of calls as a text; members without a meaning here
  /// are left out.
  default Map<String, Object> fields() {
    var fields = new LinkedHashMap<String, Object>();
    fields.put("role", role());
    fields.put("content", text());
    switch (this) {
      case Assistant answer -> {
        if (!answer.reasoning().isEmpty()) {
          fields.put("reasoning_content", answer.reasoning());
        }
        if (!answer.calls().isEmpty()) {
          fields.put("tool_calls", answer.calls().stream().map(ToolCall::fields).toList());
        }
      }
      case ToolResult result -> {
        if (!result.callId().isEmpty()) {
          fields.put("tool_call_id", result.callId());
        }
        if (!result.name().isEmpty()) {
          fields.put("name", result.name());
        }
      }
      case System _, User _ -> {}
    }
    return fields;
  }
}
