package dev.educe.server.openai;

import dev.educe.ChatRequest;
import dev.educe.server.http.Fields;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/// How much a model shall reason, and what else its template is told.
final class ReasoningFields {
  static final Set<String> EFFORTS =
      Set.of("none", "minimal", "low", "medium", "high", "xhigh", "max");

  private ReasoningFields() {}

  /// The same conversation with `reasoning_effort` and vLLM's `chat_template_kwargs`.
  static ChatRequest read(Fields fields, ChatRequest chat) {
    var arguments = new HashMap<String, Object>();
    fields
        .object("chat_template_kwargs")
        .flatMap(_ -> fields.value("chat_template_kwargs"))
        .ifPresent(given -> {
          for (var argument : given.properties()) {
            if (!argument.getValue().isNull()) {
              arguments.put(
                  argument.getKey(),
                  JsonMapper.shared().convertValue(argument.getValue(), Object.class));
            }
          }
        });
    return effort(
        chat.withTemplateArguments(arguments), fields.word("reasoning_effort", EFFORTS).orElse(""));
  }

  /// The same conversation with an effort, in the words of the templates that know one; without any
  /// effort a model that reasons nevertheless is made to answer at once.
  ///
  /// @param effort empty for the model's own
  static ChatRequest effort(ChatRequest chat, String effort) {
    if (effort.isEmpty()) {
      return chat;
    }
    var arguments = new HashMap<String, Object>(chat.templateArguments());
    if (!effort.equals("none")) {
      arguments.putIfAbsent("reasoning_effort", effort);
      return chat.withTemplateArguments(arguments);
    }
    Map.of("enable_thinking", false, "thinking", false).forEach(arguments::putIfAbsent);
    return chat.withTemplateArguments(arguments).withReasoningTokensMax(0);
  }
}
