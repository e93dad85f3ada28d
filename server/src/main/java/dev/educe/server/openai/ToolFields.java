package dev.educe.server.openai;

import dev.educe.ChatRequest;
import dev.educe.Tool;
import dev.educe.ToolChoice;
import dev.educe.server.generation.Functions;
import dev.educe.server.http.Fields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// Tools, and whether they are to be called.
///
/// Chat completions have what describes a function in an object of its own, responses beside its
/// type.
final class ToolFields {
  private static final int COUNT_MAX = 128;

  private final Fields fields;
  private final boolean isNested;

  private ToolFields(Fields fields, boolean isNested) {
    this.fields = fields;
    this.isNested = isNested;
  }

  /// The same conversation with its tools.
  ///
  /// @param isNested whether a function is described in an object within the tool
  static ChatRequest read(Fields fields, boolean isNested, ChatRequest chat) {
    var reader = new ToolFields(fields, isNested);
    var tools = reader.tools();
    var choice = fields.value("tool_choice");
    var request = chat.withTools(tools);
    return choice.isEmpty() ? request : reader.chosen(request, choice.get());
  }

  private List<Tool> tools() {
    var tools = new ArrayList<Tool>();
    var functions = new Functions();
    for (Fields tool : fields.objects("tools", COUNT_MAX)) {
      tools.add(functions.read(function(tool), "parameters"));
      tool.refuseRest();
    }
    return tools;
  }

  /// What describes the function of a tool.
  private Fields function(Fields tool) {
    String type = tool.requireText("type");
    if (!type.equals("function")) {
      throw tool.wrongWord("type", type, Set.of("function"));
    }
    return isNested ? Fields.of(tool.require("function"), tool.path("function")) : tool;
  }

  private ChatRequest chosen(ChatRequest request, JsonNode choice) {
    if (choice.isString()) {
      String word = choice.stringValue();
      return switch (word) {
        case "none" -> request.withToolChoice(ToolChoice.NONE);
        case "auto" -> request.withToolChoice(ToolChoice.AUTO);
        case "required" -> {
          needTools(request);
          yield request.withToolChoice(ToolChoice.REQUIRED);
        }
        default -> throw fields.wrongWord("tool_choice", word, Set.of("none", "auto", "required"));
      };
    }
    var object = Fields.of(choice, fields.path("tool_choice"));
    needTools(request);
    String type = object.requireText("type");
    return switch (type) {
      case "function" -> request.withToolChoice(ToolChoice.named(named(object, object, request)));
      case "allowed_tools" -> allowed(request, object);
      default -> throw object.wrongWord("type", type, Set.of("function", "allowed_tools"));
    };
  }

  private void needTools(ChatRequest request) {
    if (request.tools().isEmpty()) {
      throw Fields.invalid(
          fields.path("tool_choice"),
          "invalid_value",
          "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are"
              + " specified.");
    }
  }

  /// The name of a tool that there is.
  private String named(Fields object, Fields place, ChatRequest request) {
    var function =
        isNested ? Fields.of(object.require("function"), object.path("function")) : object;
    String name = function.requireText("name");
    if (request.tools().stream().noneMatch(tool -> tool.name().equals(name))) {
      throw Fields.invalid(
          function.path("name"),
          "invalid_value",
          "Invalid '%s': there is no such tool in 'tools'.".formatted(function.path("name")));
    }
    function.refuseRest();
    place.refuseRest();
    return name;
  }

  /// Some of the tools: the model is told of no others.
  private ChatRequest allowed(ChatRequest request, Fields object) {
    var inner =
        isNested
            ? Fields.of(object.require("allowed_tools"), object.path("allowed_tools"))
            : object;
    String mode = inner.word("mode", Set.of("auto", "required")).orElse("auto");
    var names = new HashSet<String>();
    for (Fields tool : inner.objects("tools", COUNT_MAX)) {
      tool.word("type", Set.of("function"));
      names.add(named(tool, tool, request));
    }
    inner.refuseRest();
    object.refuseRest();
    if (names.isEmpty()) {
      inner.require("tools");
      throw Fields.invalid(
          inner.path("tools"),
          "empty_array",
          "Invalid '%s': name at least one tool.".formatted(inner.path("tools")));
    }
    var some = request.tools().stream().filter(tool -> names.contains(tool.name())).toList();
    return request
        .withTools(some)
        .withToolChoice(mode.equals("auto") ? ToolChoice.AUTO : ToolChoice.REQUIRED);
  }
}
