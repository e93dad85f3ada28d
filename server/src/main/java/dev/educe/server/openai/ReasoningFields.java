package dev.educe.server.openai;

import dev.educe.ChatRequest;
import dev.educe.server.generation.Reasoning;
import dev.educe.server.http.Fields;
import java.util.HashMap;
import tools.jackson.databind.json.JsonMapper;

/// How much a model shall reason, and what else its template is told.
final class ReasoningFields {
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
    return Reasoning.effort(
        chat.withTemplateArguments(arguments),
        fields.word("reasoning_effort", Reasoning.EFFORTS).orElse(""));
  }
}
