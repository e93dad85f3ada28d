package dev.educe.server.anthropic;

import dev.educe.Message;
import dev.educe.ToolCall;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Fields;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// The system prompt and the messages of a conversation.
///
/// A message of a user may hold results of tools and text; each becomes a message of its own, in
/// its order. Texts that follow each other are one.
final class Turns {
  private static final int COUNT_MAX = 100_000;
  private static final Set<String> ROLES = Set.of("user", "assistant", "system");

  private final List<Message> messages = new ArrayList<>();
  private final Map<String, String> calls = new HashMap<>(); // names of tools by the calls' ids

  private Turns() {}

  static List<Message> read(Fields fields) {
    var turns = new Turns();
    if (fields.value("system").isPresent()) {
      turns.messages.add(Message.system(text(fields, "system")));
    }
    fields.require("messages");
    var objects = fields.objects("messages", COUNT_MAX);
    Fields.checkCount(fields.require("messages"), "messages", 1, COUNT_MAX);
    for (Fields message : objects) {
      turns.add(message);
      message.refuseRest();
    }
    // The beginning of an answer, which is gone on with, is text alone.
    boolean isOpen =
        turns.messages.isEmpty()
            || turns.messages.getLast() instanceof Message.Assistant last
                && (last.text().isEmpty()
                    || !last.reasoning().isEmpty()
                    || !last.calls().isEmpty()
                    || turns.messages.size() == 1);
    if (isOpen) {
      throw Fields.invalid(
          "messages",
          "unsupported_value",
          "Invalid 'messages': the last one must be a user's and say something, or the text that"
              + " the answer begins with.");
    }
    return turns.messages;
  }

  private void add(Fields message) {
    String role = message.requireText("role");
    switch (role) {
      case "system" -> messages.add(Message.system(text(message, "content")));
      case "user" -> addUser(message);
      case "assistant" -> addAssistant(message);
      default -> throw message.wrongWord("role", role, ROLES);
    }
  }

  private void addUser(Fields message) {
    if (message.require("content").isString()) {
      say(message.requireText("content"));
      return;
    }
    for (Fields block : blocks(message, "content")) {
      String type = block.requireText("type");
      switch (type) {
        case "text" -> say(textOf(block));
        case "tool_result" -> messages.add(result(block));
        default -> throw unsupported(block, type, "'text' and 'tool_result'");
      }
      block.refuseRest();
    }
  }

  /// Adds what a user says to what they have just said, if they have.
  private void say(String text) {
    if (!messages.isEmpty() && messages.getLast() instanceof Message.User before) {
      messages.set(messages.size() - 1, Message.user(before.text() + "\n" + text));
    } else {
      messages.add(Message.user(text));
    }
  }

  private Message result(Fields block) {
    String id = block.requireText("tool_use_id");
    String name = calls.get(id);
    if (name == null) {
      throw Fields.invalid(
          block.path("tool_use_id"),
          "invalid_value",
          "Invalid '%s': there is no 'tool_use' of this id before it."
              .formatted(block.path("tool_use_id")));
    }
    block.flag("is_error"); // what went wrong is in the text
    block.ignore("cache_control");
    block.refuse("toolset_name");
    return new Message.ToolResult(
        id, name, block.value("content").isEmpty() ? "" : text(block, "content"));
  }

  private void addAssistant(Fields message) {
    if (message.require("content").isString()) {
      messages.add(Message.assistant(message.requireText("content")));
      return;
    }
    var texts = new ArrayList<String>();
    var thoughts = new ArrayList<String>();
    var made = new ArrayList<ToolCall>();
    for (Fields block : blocks(message, "content")) {
      String type = block.requireText("type");
      switch (type) {
        case "text" -> texts.add(textOf(block));
        case "thinking" -> {
          thoughts.add(block.requireText("thinking"));
          block.text("signature");
        }
        case "redacted_thinking" -> block.text("data"); // of another's model, and for it alone
        case "tool_use" -> made.add(call(block));
        default -> throw unsupported(block, type, "'text', 'thinking' and 'tool_use'");
      }
      block.refuseRest();
    }
    messages.add(
        new Message.Assistant(String.join("\n", texts), String.join("\n", thoughts), made));
  }

  private ToolCall call(Fields block) {
    String id = block.requireText("id");
    String name = block.requireText("name");
    block.object("input");
    String input = block.require("input").toString();
    block.ignore("cache_control", "caller");
    block.refuse("toolset_name");
    calls.put(id, name);
    return new ToolCall(id, name, input);
  }

  /// A text, or blocks of text as one.
  private static String text(Fields fields, String name) {
    JsonNode value = fields.require(name);
    if (value.isString()) {
      return value.stringValue();
    }
    var texts = new ArrayList<String>();
    for (Fields block : blocks(fields, name)) {
      String type = block.requireText("type");
      if (!type.equals("text")) {
        throw unsupported(block, type, "'text'");
      }
      texts.add(textOf(block));
      block.refuseRest();
    }
    return String.join("\n", texts);
  }

  private static List<Fields> blocks(Fields fields, String name) {
    if (!fields.require(name).isArray()) {
      throw Fields.wrongType(
          fields.path(name), "one of a string or array of objects", fields.require(name));
    }
    return fields.objects(name, COUNT_MAX);
  }

  private static String textOf(Fields block) {
    block.ignore("cache_control", "citations");
    return block.requireText("text");
  }

  private static ApiException unsupported(Fields block, String type, String supported) {
    return Fields.invalid(
        block.path("type"),
        "unsupported_value",
        "Blocks of the type '%s' are not supported here with this model; it reads %s."
            .formatted(type.length() > 32 ? type.substring(0, 32) + "…" : type, supported));
  }
}
