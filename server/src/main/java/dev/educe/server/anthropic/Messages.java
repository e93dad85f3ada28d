package dev.educe.server.anthropic;

import dev.educe.server.generation.Answer;
import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.Service;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Dialect;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// `POST /v1/messages` answers a conversation, `/v1/messages/count_tokens` counts it.
final class Messages {
  private final Service service;

  Messages(Service service) {
    this.service = service;
  }

  void answer(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.lease(exchange, fields.requireText("model"))) {
      var request = MessageRequest.of(fields, exchange.caller().tenant(), service.deadline());
      try (var conversation = new Conversation(service, exchange, lease, request.asked())) {
        var message = new MessageBody(exchange.id(), lease.name(), request);
        if (request.isStreamed()) {
          stream(exchange, message, request, conversation);
        } else {
          var answer = new Answer();
          conversation.each(answer::take, () -> {});
          exchange.answer(message.whole(content(answer, request), answer.end()));
        }
      }
    }
  }

  private static List<Map<String, Object>> content(Answer answer, MessageRequest request) {
    var content = new ArrayList<Map<String, Object>>();
    if (request.thinking().isShown() && !answer.reasoning().isEmpty()) {
      var thoughts = request.thinking().isOmitted() ? "" : answer.reasoning();
      content.add(MessageBody.thinking(thoughts));
    }
    if (!answer.text().isEmpty()) {
      content.add(MessageBody.text(answer.text()));
    }
    for (var call : answer.calls()) {
      content.add(MessageBody.call(call.id(), call.name(), call.parsedArguments()));
    }
    return content;
  }

  private static void stream(
      Exchange exchange, MessageBody message, MessageRequest request, Conversation conversation) {
    var events = exchange.events();
    try {
      var writer = new MessageEvents(events, message, request, conversation.promptTokens());
      conversation.each(writer::take, writer::ping);
      events.end();
    } catch (ApiException failed) {
      String data = Dialect.ANTHROPIC.body(failed.error(), exchange.id());
      events.fail("error", failed.error(), data);
    }
  }

  void count(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.catalogue().lease(fields.requireText("model"))) {
      exchange.concerns(lease.name());
      exchange.watchClient();
      var prompt = Conversation.prompt(lease, MessageRequest.counted(fields));
      exchange.answer(Map.of("input_tokens", prompt.tokens().length));
    }
  }
}
