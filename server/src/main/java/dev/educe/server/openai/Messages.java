package dev.educe.server.openai;

import dev.educe.Message;
import dev.educe.ToolCall;
import dev.educe.server.http.Fields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// The messages of `/v1/chat/completions`.
final class Messages {
  private static final int COUNT_MAX = 100_000;
  private static final int CALLS_MAX = 128;
  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool", "function");

  // Ids of the calls that were made so far, which results must refer to.
  private final Set<String> calls = new HashSet<>();

  private Messages() {}

  static List<Message> read(Fields fields) {
    fields.require("messages");
    var objects = fields.objects("messages", COUNT_MAX);
    Fields.checkCount(fields.require("messages"), "messages", 1, COUNT_MAX);
    var reader = new Messages();
    return objects.stream().map(reader::message).toList();
  }

  private Message message(Fields fields) {
    String role = fields.requireText("role");
    fields.ignore("name"); // of one participant among several: no template here tells it
    var message =
        switch (role) {
          case "system", "developer" -> Message.system(content(fields, Set.of("text")));
          case "user" -> Message.user(content(fields, Set.of("text")));
          case "assistant" -> assistant(fields);
          case "tool" -> result(fields);
          case "function" ->
              new Message.ToolResult("", fields.requireText("name"), content(fields, Set.of()));
          default -> throw fields.wrongWord("role", role, ROLES);
        };
    fields.refuseRest();
    return message;
  }

  private Message assistant(Fields fields) {
    fields.ignore("annotations"); // clients send back what they were sent
    fields.refuse("audio");
    var made = new ArrayList<ToolCall>();
    for (Fields call : fields.objects("tool_calls", CALLS_MAX)) {
      call.word("type", Set.of("function"));
      call.ignore("index");
      String id = call.requireText("id");
      var function = Fields.of(call.require("function"), call.path("function"));
      made.add(call(function, id));
      call.refuseRest();
      calls.add(id);
    }
    fields.object("function_call").ifPresent(function -> made.add(call(function, "")));
    var refusal = fields.text("refusal");
    String text =
        fields.value("content").isPresent()
            ? content(fields, Set.of("text", "refusal"))
            : refusal.orElse("");
    var reasoning = fields.text("reasoning_content").or(() -> fields.text("reasoning"));
    if (text.isEmpty() && made.isEmpty() && fields.value("content").isEmpty()) {
      fields.require("content");
    }
    return new Message.Assistant(text, reasoning.orElse(""), made);
  }

  private static ToolCall call(Fields function, String id) {
    var call =
        new ToolCall(id, function.requireText("name"), function.text("arguments").orElse("{}"));
    function.refuseRest();
    return checked(call, function.path("arguments"));
  }

  /// A call as templates can write it.
  ///
  /// @param path of the arguments
  static ToolCall checked(ToolCall call, String path) {
    try {
      var blank = call.arguments().isBlank() ? "{}" : call.arguments();
      var checked = new ToolCall(call.id(), call.name(), blank);
      checked.parsedArguments();
      return checked;
    } catch (IllegalArgumentException _) {
      throw Fields.invalid(
          path,
          "invalid_value",
          "Invalid '%s': expected the text of a JSON object; leave out calls that were cut off."
              .formatted(path));
    }
  }

  private Message result(Fields fields) {
    String id = fields.requireText("tool_call_id");
    if (!calls.contains(id)) {
      throw Fields.invalid(
          fields.path("tool_call_id"),
          "invalid_value",
          "Invalid '%s': messages with role 'tool' must be a response to a preceding message with"
                  .formatted(fields.path("tool_call_id"))
              + " 'tool_calls'.");
    }
    return new Message.ToolResult(
        id, fields.text("name").orElse(""), content(fields, Set.of("text")));
  }

  private static String content(Fields fields, Set<String> types) {
    JsonNode content = fields.require("content");
    return content.isString() || types.isEmpty()
        ? Fields.text(content, fields.path("content"))
        : parts(fields, "content", types);
  }

  /// Parts of text as one.
  ///
  /// @param types of parts that are text; any other is refused by its name
  static String parts(Fields fields, String name, Set<String> types) {
    if (!fields.require(name).isArray()) {
      throw Fields.wrongType(
          fields.path(name), "one of a string or array of objects", fields.require(name));
    }
    var texts = new ArrayList<String>();
    for (Fields part : fields.objects(name, COUNT_MAX)) {
      String type = part.requireText("type");
      if (!types.contains(type)) {
        throw Fields.invalid(
            part.path("type"),
            "unsupported_value",
            "Parts of the type '%s' are not supported with this model; it reads %s."
                .formatted(
                    type.length() > 32 ? type.substring(0, 32) + "…" : type,
                    types.contains("text") ? "'text'" : "'input_text'"));
      }
      texts.add(part.requireText(type.equals("refusal") ? "refusal" : "text"));
      part.ignore("annotations", "logprobs", "prompt_cache_breakpoint");
      part.refuseRest();
    }
    return String.join("\n", texts);
  }
}
