package dev.educe.server.openai;

import dev.educe.server.generation.Answer;
import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.ReplyEvent.Reason;
import dev.educe.server.generation.Service;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Ids;
import dev.educe.server.model.Catalogue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `POST /v1/chat/completions`: answers a conversation.
final class ChatCompletions {
  private final Service service;

  ChatCompletions(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.lease(exchange, fields.requireText("model"))) {
      var request =
          ChatCompletionRequest.of(
              fields, lease.model(), exchange.caller().tenant(), service.deadline());
      try (var conversation = new Conversation(service, exchange, lease, request.asked())) {
        var head = head(lease);
        if (request.streaming().isOn()) {
          stream(exchange, new ChatChunks(head, request, lease.model().tokenizer()), conversation);
        } else {
          whole(exchange, head, request, conversation, lease);
        }
      }
    }
  }

  /// What every answer and every chunk of one begins with.
  private Map<String, Object> head(Catalogue.Lease lease) {
    var head = new LinkedHashMap<String, Object>();
    head.put("id", Ids.of("chatcmpl-"));
    head.put("object", "chat.completion");
    head.put("created", System.currentTimeMillis() / 1_000);
    head.put("model", lease.name());
    head.put("service_tier", "default");
    head.put("system_fingerprint", Models.fingerprint(service.catalogue(), lease.name()));
    return head;
  }

  private static void whole(
      Exchange exchange,
      Map<String, Object> head,
      ChatCompletionRequest request,
      Conversation conversation,
      Catalogue.Lease lease) {
    var answers = new ArrayList<Answer>();
    for (int i = 0; i < request.asked().count(); i++) {
      answers.add(new Answer());
    }
    conversation.each(event -> answers.get(event.choice()).take(event), () -> {});
    var choices = new ArrayList<Map<String, Object>>();
    for (int i = 0; i < answers.size(); i++) {
      var answer = answers.get(i);
      var choice = new LinkedHashMap<String, Object>();
      choice.put("index", i);
      choice.put("message", message(answer, request.hasReasoning()));
      choice.put(
          "logprobs",
          request.hasLogprobs()
              ? logprobs(Likelihoods.of(answer.tokens(), lease.model().tokenizer()))
              : null);
      choice.put("finish_reason", finish(answer.end().reason()));
      choices.add(choice);
    }
    head.put("choices", choices);
    head.put("usage", Usages.ofChat(conversation.usage(), reasoningTokens(answers)));
    exchange.answer(head);
  }

  private static int reasoningTokens(List<Answer> answers) {
    return answers.stream().mapToInt(answer -> answer.end().reasoningTokens()).sum();
  }

  private static Map<String, Object> message(Answer answer, boolean hasReasoning) {
    var message = new LinkedHashMap<String, Object>();
    boolean hasCalls = !answer.calls().isEmpty();
    message.put("role", "assistant");
    message.put("content", hasCalls && answer.text().isEmpty() ? null : answer.text());
    message.put("refusal", null);
    message.put("annotations", List.of());
    if (hasReasoning && !answer.reasoning().isEmpty()) {
      message.put("reasoning_content", answer.reasoning());
    }
    if (hasCalls) {
      message.put(
          "tool_calls",
          answer.calls().stream()
              .map(call -> {
                var function = new LinkedHashMap<String, Object>();
                function.put("name", call.name());
                function.put("arguments", call.arguments());
                var object = new LinkedHashMap<String, Object>();
                object.put("id", call.id());
                object.put("type", "function");
                object.put("function", function);
                return object;
              })
              .toList());
    }
    return message;
  }

  static Map<String, Object> logprobs(List<Map<String, Object>> tokens) {
    var logprobs = new LinkedHashMap<String, Object>();
    logprobs.put("content", tokens);
    logprobs.put("refusal", null);
    return logprobs;
  }

  static String finish(Reason reason) {
    return switch (reason) {
      case STOP -> "stop";
      case LENGTH -> "length";
      case CALLS -> "tool_calls";
    };
  }

  private static void stream(Exchange exchange, ChatChunks chunks, Conversation conversation) {
    var events = exchange.events();
    try {
      conversation.each(event -> chunks.of(event).forEach(events::send), events::ping);
      chunks.usage(conversation.usage()).ifPresent(events::send);
      events.done();
    } catch (ApiException failed) {
      events.fail(failed.error());
    }
  }
}
