package dev.educe.server.openai;

import dev.educe.ChatRequest;
import dev.educe.Request;
import dev.educe.grammar.Part;
import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.Reasoning;
import dev.educe.server.http.Fields;
import dev.educe.server.model.ServedModel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// A request for `/v1/responses`.
///
/// @param asked of the model
/// @param previous the id of the response it goes on from, if it does
/// @param input its items
/// @param isStored whether later requests may refer to the response
/// @param isStreamed whether the answer is streamed
/// @param hasLogprobs whether tokens come with their probabilities
/// @param echoed its parameters, as every response repeats them
record ResponseRequest(
    Conversation.Asked asked,
    Optional<String> previous,
    List<JsonNode> input,
    boolean isStored,
    boolean isStreamed,
    boolean hasLogprobs,
    Map<String, Object> echoed) {
  private static final String LOGPROBS = "message.output_text.logprobs";
  private static final int LOGPROBS_MAX = 20;
  private static final Map<String, String> TEXT = Map.of("type", "text");

  /// @param tenant whose request it is
  /// @param deadline how long it may take
  /// @param thread finds a response and those before it
  static ResponseRequest of(
      Fields fields,
      ServedModel model,
      String tenant,
      Duration deadline,
      Function<String, List<ResponseStore.Stored>> thread) {
    Ignored.read(fields);
    var items = new ResponseItems();
    var instructions = fields.text("instructions");
    instructions.ifPresent(items::instruct);
    var previous = fields.text("previous_response_id");
    for (var stored : previous.map(thread).orElse(List.of())) {
      items.addKnown(stored.input());
      items.addKnown(stored.output());
    }
    var input = items.add(fields, fields.require("input"));
    var chat = ToolFields.read(fields, false, ChatRequest.of(items.messages()));
    var form =
        fields.object("text").flatMap(ResponseRequest::form).or(() -> FormFields.guided(fields));
    if (form.isPresent()) {
      chat = chat.withAnswerForm(form.get());
    }
    long tokensMax =
        fields.integer("max_output_tokens", 1, Integer.MAX_VALUE).orElse((long) Integer.MAX_VALUE);
    var request =
        SamplingFields.request(fields, model.tokenizer(), tenant, deadline)
            .withTokensMax((int) tokensMax);
    request = FormFields.grammar(fields, request, model.grammars());
    var logprobs = logprobs(fields, request);
    var reasoning = fields.object("reasoning");
    String effort = reasoning.map(ResponseRequest::effort).orElse("");
    chat = Reasoning.effort(ReasoningFields.read(fields, chat.withGeneration(logprobs)), effort);
    boolean hasOneCall = !fields.flag("parallel_tool_calls").orElse(true);
    boolean isStored = fields.flag("store").orElse(true);
    boolean isStreamed = fields.flag("stream").orElse(false);
    fields.integer("max_tool_calls", 1, Integer.MAX_VALUE); // of tools that the server runs
    refuse(fields, isStreamed);
    return new ResponseRequest(
        new Conversation.Asked(chat, "input", "text.format", 1, hasOneCall),
        previous,
        input,
        isStored,
        isStreamed,
        logprobs.logprobs().isPresent(),
        echoed(fields, isStored));
  }

  private static Optional<Part> form(Fields text) {
    var form = text.object("format").flatMap(format -> FormFields.format(format, false));
    text.refuse("verbosity", "\"medium\"");
    text.refuseRest();
    return form;
  }

  private static String effort(Fields reasoning) {
    var effort = reasoning.word("effort", Reasoning.EFFORTS);
    reasoning.refuse("summary");
    reasoning.refuse("generate_summary");
    reasoning.refuseRest();
    return effort.orElse("");
  }

  private static Request logprobs(Fields fields, Request request) {
    var top = fields.integer("top_logprobs", 0, LOGPROBS_MAX);
    boolean isIncluded = false;
    for (String include : fields.texts("include", LOGPROBS_MAX)) {
      if (!include.equals(LOGPROBS)) {
        throw fields.wrongWord("include", include, Set.of(LOGPROBS));
      }
      isIncluded = true;
    }
    return isIncluded || top.orElse(0L) > 0
        ? request.withLogprobs(top.orElse(0L).intValue())
        : request;
  }

  private static void refuse(Fields fields, boolean isStreamed) {
    var options = fields.object("stream_options");
    if (options.isPresent() && !isStreamed) {
      throw Fields.invalid(
          "stream_options",
          "invalid_value",
          "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    }
    options.ifPresent(inner -> {
      inner.refuse("include_obfuscation", "false");
      inner.refuseRest();
    });
    fields.refuse("background", "false");
    fields.refuse("truncation", "\"disabled\"");
    for (String name : Set.of("context_management", "conversation", "moderation", "prompt")) {
      fields.refuse(name);
    }
    fields.refuseRest();
  }

  private static Map<String, Object> echoed(Fields fields, boolean isStored) {
    var echoed = new LinkedHashMap<String, Object>();
    echoed.put("background", false);
    for (String name :
        List.of(
            "instructions",
            "max_output_tokens",
            "max_tool_calls",
            "previous_response_id",
            "prompt_cache_key",
            "safety_identifier",
            "user")) {
      echoed.put(name, fields.value(name).orElse(null));
    }
    echo(echoed, fields, "metadata", Map.of());
    echo(echoed, fields, "parallel_tool_calls", true);
    var reasoning = new LinkedHashMap<String, Object>();
    reasoning.put(
        "effort", fields.object("reasoning").flatMap(inner -> inner.value("effort")).orElse(null));
    reasoning.put("summary", null);
    echoed.put("reasoning", reasoning);
    echoed.put("service_tier", "default");
    echoed.put("store", isStored);
    echo(echoed, fields, "temperature", 1.0);
    var text = new LinkedHashMap<String, Object>();
    var format = fields.object("text").flatMap(inner -> inner.value("format"));
    text.put("format", format.isPresent() ? format.get() : TEXT);
    text.put("verbosity", "medium");
    echoed.put("text", text);
    echo(echoed, fields, "tool_choice", "auto");
    echo(echoed, fields, "tools", List.of());
    echo(echoed, fields, "top_logprobs", 0);
    echo(echoed, fields, "top_p", 1.0);
    echoed.put("truncation", "disabled");
    return echoed;
  }

  private static void echo(
      Map<String, Object> echoed, Fields fields, String name, Object otherwise) {
    var value = fields.value(name);
    echoed.put(name, value.isPresent() ? value.get() : otherwise);
  }
}
