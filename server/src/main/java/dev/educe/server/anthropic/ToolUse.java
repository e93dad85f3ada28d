package dev.educe.server.anthropic;

import dev.educe.ChatRequest;
import dev.educe.Tool;
import dev.educe.ToolChoice;
import dev.educe.server.generation.Functions;
import dev.educe.server.http.Fields;
import java.util.List;
import java.util.Set;

/// A conversation with its tools.
///
/// @param chat with them
/// @param hasOneCall whether an answer ends with its first call
record ToolUse(ChatRequest chat, boolean hasOneCall) {
  private static final int COUNT_MAX = 1_024;

  static ToolUse read(Fields fields, ChatRequest chat) {
    var functions = new Functions();
    var tools =
        fields.objects("tools", COUNT_MAX).stream().map(tool -> tool(tool, functions)).toList();
    var request = chat.withTools(tools);
    var given = fields.object("tool_choice");
    if (given.isEmpty()) {
      return new ToolUse(request, false);
    }
    var choice = given.get();
    String type = choice.requireText("type");
    var chosen =
        switch (type) {
          case "auto" -> ToolChoice.AUTO;
          case "any" -> ToolChoice.REQUIRED;
          case "tool" -> ToolChoice.named(named(choice, tools));
          case "none" -> ToolChoice.NONE;
          default -> throw choice.wrongWord("type", type, Set.of("auto", "any", "tool", "none"));
        };
    boolean hasOneCall = choice.flag("disable_parallel_tool_use").orElse(false);
    choice.refuseRest();
    if (tools.isEmpty() && chosen == ToolChoice.REQUIRED) {
      throw Fields.invalid(
          "tool_choice",
          "invalid_value",
          "Invalid 'tool_choice': there are no 'tools' of which one could be called.");
    }
    return new ToolUse(request.withToolChoice(chosen), hasOneCall);
  }

  private static Tool tool(Fields tool, Functions functions) {
    String type = tool.text("type").orElse("custom");
    if (!type.equals("custom")) {
      throw Fields.invalid(
          tool.path("type"),
          "unsupported_value",
          "Invalid '%s': only tools of your own are supported; describe them with 'input_schema'."
              .formatted(tool.path("type")));
    }
    tool.require("input_schema");
    tool.ignore("cache_control", "eager_input_streaming");
    tool.refuse("allowed_callers", "[\"direct\"]", "[]");
    tool.refuse("defer_loading", "false");
    tool.refuse("input_examples", "[]");
    return functions.read(tool, "input_schema");
  }

  /// The name of a tool that there is.
  private static String named(Fields choice, List<Tool> tools) {
    String name = choice.requireText("name");
    if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
      throw Fields.invalid(
          choice.path("name"),
          "invalid_value",
          "Invalid '%s': there is no such tool in 'tools'.".formatted(choice.path("name")));
    }
    return name;
  }
}
