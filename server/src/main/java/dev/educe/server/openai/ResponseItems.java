package dev.educe.server.openai;

import dev.educe.Message;
import dev.educe.ToolCall;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Ids;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads items of `/v1/responses` as the messages of one conversation: reasoning, text and calls
/// that follow each other are one message of the model.
final class ResponseItems {
  private static final int COUNT_MAX = 100_000;
  private static final Set<String> TYPES =
      Set.of("message", "function_call", "function_call_output", "reasoning");

  private final List<Message> messages = new ArrayList<>();
  private final Map<String, String> calls = new HashMap<>(); // names of tools by id of a call

  List<Message> messages() {
    return messages;
  }

  /// What the model is told about its task.
  void instruct(String instructions) {
    messages.add(Message.system(instructions));
  }

  /// Goes on by items that were read before.
  void addKnown(List<JsonNode> items) {
    for (JsonNode item : items) {
      add(Fields.of(item, "input"));
    }
  }

  /// Goes on by the field `input`.
  ///
  /// @return its items as they are listed later
  List<JsonNode> add(Fields fields, JsonNode input) {
    var listed = new ArrayList<JsonNode>();
    if (input.isString()) {
      messages.add(Message.user(input.stringValue()));
      listed.add(listed(text(input.stringValue())));
      return listed;
    }
    if (!input.isArray()) {
      throw Fields.wrongType("input", "one of a string or an array of objects", input);
    }
    Fields.checkCount(input, "input", 1, COUNT_MAX);
    for (Fields item : fields.objects("input", COUNT_MAX)) {
      add(item);
      listed.add(listed(input.get(listed.size())));
    }
    return listed;
  }

  private static JsonNode text(String text) {
    return JsonMapper.shared().valueToTree(Map.of("role", "user", "content", text));
  }

  /// An item with a type and an id, its text as a list of parts.
  private static JsonNode listed(JsonNode item) {
    var object = new LinkedHashMap<String, Object>();
    String type = item.path("type").asString("message");
    object.put("id", Ids.of(prefix(type)));
    object.put("type", type);
    object.put("status", "completed");
    for (var property : item.properties()) {
      if (!property.getValue().isNull()) {
        object.put(property.getKey(), property.getValue());
      }
    }
    if (item.path("content").isString()) {
      boolean isAnswer = item.path("role").asString("").equals("assistant");
      var part = new LinkedHashMap<String, Object>();
      part.put("type", isAnswer ? "output_text" : "input_text");
      part.put("text", item.get("content"));
      if (isAnswer) {
        part.put("annotations", List.of());
      }
      object.put("content", List.of(part));
    }
    return JsonMapper.shared().valueToTree(object);
  }

  private static String prefix(String type) {
    return switch (type) {
      case "function_call" -> "fc_";
      case "function_call_output" -> "fco_";
      case "reasoning" -> "rs_";
      default -> "msg_";
    };
  }

  private void add(Fields item) {
    String type = item.text("type").orElse("message");
    item.ignore("id", "status");
    switch (type) {
      case "message" -> message(item);
      case "function_call" -> call(item);
      case "function_call_output" -> result(item);
      case "reasoning" -> reasoning(item);
      default -> throw item.wrongWord("type", type, TYPES);
    }
    item.refuseRest();
  }

  private void message(Fields item) {
    String role = item.requireText("role");
    item.ignore("phase", "name");
    switch (role) {
      case "system", "developer" -> messages.add(Message.system(content(item, "content")));
      case "user" -> messages.add(Message.user(content(item, "content")));
      case "assistant" -> answer(content(item, "content"), "", List.of());
      default ->
          throw item.wrongWord("role", role, Set.of("system", "developer", "user", "assistant"));
    }
  }

  private static String content(Fields item, String name) {
    JsonNode content = item.require(name);
    return content.isString()
        ? content.stringValue()
        : Messages.parts(item, name, Set.of("input_text", "output_text", "refusal"));
  }

  /// Adds to the model's last message if this can be a part of it, or a message.
  private void answer(String text, String reasoning, List<ToolCall> made) {
    var before =
        !messages.isEmpty() && messages.getLast() instanceof Message.Assistant last
            ? last
            : new Message.Assistant("", "", List.of());
    boolean isOpen = before.calls().isEmpty() && before.text().isEmpty();
    boolean goesOn =
        !messages.isEmpty()
            && messages.getLast() instanceof Message.Assistant
            && (!made.isEmpty() || (isOpen && reasoning.isEmpty()));
    if (!goesOn) {
      messages.add(new Message.Assistant(text, reasoning, made));
      return;
    }
    var all = new ArrayList<>(before.calls());
    all.addAll(made);
    messages.set(
        messages.size() - 1, new Message.Assistant(before.text() + text, before.reasoning(), all));
  }

  private void call(Fields item) {
    var call =
        new ToolCall(
            item.requireText("call_id"), item.requireText("name"), item.requireText("arguments"));
    calls.put(call.id(), call.name());
    answer("", "", List.of(Messages.checked(call, item.path("arguments"))));
  }

  private void result(Fields item) {
    String id = item.requireText("call_id");
    item.text("name");
    if (!calls.containsKey(id)) {
      throw Fields.invalid(
          item.path("call_id"),
          "invalid_value",
          "Invalid '%s': no function call with this id comes before its output."
              .formatted(item.path("call_id")));
    }
    messages.add(new Message.ToolResult(id, calls.get(id), content(item, "output")));
  }

  /// What was said of it in short stands for reasoning that is not there in full.
  private void reasoning(Fields item) {
    item.refuse("encrypted_content", "\"\"");
    var content = item.value("content").isPresent() ? texts(item, "content") : "";
    var summary = item.value("summary").isPresent() ? texts(item, "summary") : "";
    String reasoning = content.isEmpty() ? summary : content;
    if (!reasoning.isEmpty()) {
      answer("", reasoning, List.of());
    }
  }

  private static String texts(Fields item, String name) {
    return Messages.parts(item, name, Set.of("reasoning_text", "summary_text"));
  }
}
