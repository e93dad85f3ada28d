package dev.educe.server.openai;

import dev.educe.ChatRequest;
import dev.educe.Request;
import dev.educe.server.generation.Conversation;
import dev.educe.server.http.Fields;
import dev.educe.server.model.ServedModel;
import dev.educe.server.openai.SamplingFields.Streaming;
import java.time.Duration;
import java.util.Set;

/// A request for `/v1/chat/completions`.
///
/// @param asked of the model
/// @param hasLogprobs whether tokens come with their probabilities
/// @param hasReasoning whether reasoning is part of the answer
/// @param streaming whether and how it is streamed
record ChatCompletionRequest(
    Conversation.Asked asked, boolean hasLogprobs, boolean hasReasoning, Streaming streaming) {
  private static final int COUNT_MAX = 128;
  private static final int LOGPROBS_MAX = 20;

  /// @param tenant whose request it is
  /// @param deadline how long it may take
  static ChatCompletionRequest of(
      Fields fields, ServedModel model, String tenant, Duration deadline) {
    Ignored.read(fields);
    fields.flag("store"); // nothing of a completion is kept, whatever it says
    var chat = ToolFields.read(fields, true, ChatRequest.of(Messages.read(fields)));
    var form =
        fields
            .object("response_format")
            .flatMap(format -> FormFields.format(format, true))
            .or(() -> FormFields.guided(fields));
    if (form.isPresent()) {
      chat = chat.withAnswerForm(form.get());
    }
    boolean hasLogprobs = fields.flag("logprobs").orElse(false);
    var request =
        logprobs(
                fields,
                hasLogprobs,
                SamplingFields.request(fields, model.tokenizer(), tenant, deadline))
            .withTokensMax(tokensMax(fields));
    request = FormFields.grammar(fields, request, model.grammars());
    chat = ReasoningFields.read(fields, chat.withGeneration(request));
    boolean hasOneCall = !fields.flag("parallel_tool_calls").orElse(true);
    int count = fields.integer("n", 1, COUNT_MAX).orElse(1L).intValue();
    var streaming = SamplingFields.streaming(fields);
    boolean hasReasoning = fields.flag("include_reasoning").orElse(true);
    refuse(fields);
    return new ChatCompletionRequest(
        new Conversation.Asked(chat, "messages", "response_format", count, hasOneCall),
        hasLogprobs,
        hasReasoning,
        streaming);
  }

  private static Request logprobs(Fields fields, boolean hasLogprobs, Request request) {
    var top = fields.integer("top_logprobs", 0, LOGPROBS_MAX);
    if (top.isPresent() && !hasLogprobs) {
      throw Fields.invalid(
          "top_logprobs",
          "invalid_value",
          "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.");
    }
    return hasLogprobs ? request.withLogprobs(top.orElse(0L).intValue()) : request;
  }

  private static int tokensMax(Fields fields) {
    var old = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
    var now = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    if (old.isPresent() && now.isPresent()) {
      throw Fields.invalid(
          "max_tokens",
          "invalid_parameter_combination",
          "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
    }
    return now.or(() -> old).orElse((long) Integer.MAX_VALUE).intValue();
  }

  private static void refuse(Fields fields) {
    fields.refuse("modalities", "[\"text\"]");
    fields.refuse("verbosity", "\"medium\"");
    fields.refuse("functions", "[]");
    fields.refuse("echo", "false");
    fields.refuse("add_generation_prompt", "true");
    fields.refuse("continue_final_message", "false");
    fields.refuse("add_special_tokens", "false");
    for (String name :
        Set.of(
            "audio",
            "chat_template",
            "documents",
            "function_call",
            "moderation",
            "prediction",
            "web_search_options")) {
      fields.refuse(name);
    }
    fields.refuseRest();
  }
}
