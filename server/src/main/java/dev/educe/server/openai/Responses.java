package dev.educe.server.openai;

import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.generation.ReplyEvent.End;
import dev.educe.server.generation.ReplyEvent.Reason;
import dev.educe.server.generation.Service;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.EventStream;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Ids;
import dev.educe.server.http.Json;
import dev.educe.server.openai.ResponseStore.Stored;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `/v1/responses`: answers a conversation that the server remembers.
final class Responses {
  private final Service service;
  private final ResponseStore store = new ResponseStore();

  Responses(Service service) {
    this.service = service;
  }

  void create(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String tenant = exchange.caller().tenant();
    try (var lease = service.lease(exchange, fields.requireText("model"))) {
      var request =
          ResponseRequest.of(
              fields, lease.model(), tenant, service.deadline(), id -> thread(tenant, id));
      try (var conversation = new Conversation(service, exchange, lease, request.asked())) {
        var response = new Answering(request, lease.name(), conversation);
        var body =
            request.isStreamed()
                ? response.stream(exchange, lease.model().tokenizer())
                : response.whole(lease.model().tokenizer());
        if (request.isStored()) {
          store.put(tenant, stored(request, body));
        }
        // Only now: a client that knows of the answer may refer to it at once.
        response.last(exchange, body);
      }
    }
  }

  private static Stored stored(ResponseRequest request, Map<String, Object> body) {
    JsonNode node = JsonMapper.shared().valueToTree(body);
    return new Stored(
        node.get("id").stringValue(),
        request.previous(),
        request.input(),
        List.copyOf(node.get("output").values()),
        node);
  }

  private List<Stored> thread(String tenant, String id) {
    return store
        .thread(tenant, id)
        .orElseThrow(() ->
            Fields.invalid(
                "previous_response_id",
                "previous_response_not_found",
                "The previous response, or one that it goes on from, was not found."));
  }

  void get(Exchange exchange) {
    if (exchange.query("stream").orElse("false").equals("true")) {
      throw Fields.invalid(
          "stream",
          "unsupported_parameter",
          "Unsupported parameter: 'stream' is not supported for responses that were given.");
    }
    exchange.answer(200, "application/json", Json.write(find(exchange).body()));
  }

  private Stored find(Exchange exchange) {
    return store
        .get(exchange.caller().tenant(), exchange.pathValue())
        .orElseThrow(Responses::notFound);
  }

  private static ApiException notFound() {
    return new ApiException(
        ApiError.of(
            404, ApiError.INVALID_REQUEST, "not_found", "There is no response with this id."));
  }

  void delete(Exchange exchange) {
    var removed =
        store
            .remove(exchange.caller().tenant(), exchange.pathValue())
            .orElseThrow(Responses::notFound);
    var body = new LinkedHashMap<String, Object>();
    body.put("id", removed.id());
    body.put("object", "response");
    body.put("deleted", true);
    exchange.answer(body);
  }

  /// Responses are given while their clients wait, who cancel by leaving.
  void cancel(Exchange exchange) {
    find(exchange);
    throw new ApiException(
        ApiError.badRequest(
            "invalid_value",
            "Only responses that were created with 'background' can be cancelled; to end another,"
                + " close its connection."));
  }

  void inputItems(Exchange exchange) {
    var stored = find(exchange);
    var before = stored.previous().flatMap(id -> store.thread(exchange.caller().tenant(), id));
    var items = new ArrayList<JsonNode>();
    for (Stored earlier : before.orElse(List.of())) {
      items.addAll(earlier.input());
      items.addAll(earlier.output());
    }
    items.addAll(stored.input());
    exchange.answer(Pages.USUAL.page(items, exchange));
  }

  /// One response while it is given.
  private static final class Answering {
    private final ResponseRequest request;
    private final Conversation conversation;
    private final Map<String, Object> head = new LinkedHashMap<>();
    private End end; // once it has come
    private Optional<EventStream> events = Optional.empty(); // if it is streamed
    private Optional<ApiError> failure = Optional.empty();
    private int number; // of the next event

    Answering(ResponseRequest request, String model, Conversation conversation) {
      this.request = request;
      this.conversation = conversation;
      head.put("id", Ids.of("resp_"));
      head.put("object", "response");
      head.put("created_at", System.currentTimeMillis() / 1_000);
      head.put("model", model);
      head.putAll(request.echoed());
    }

    private Map<String, Object> body(String status, List<Map<String, Object>> output) {
      var body = new LinkedHashMap<>(head);
      body.put("status", status);
      body.put("completed_at", null);
      body.put("error", null);
      body.put("incomplete_details", null);
      body.put("output", output);
      body.put("usage", null);
      return body;
    }

    private Map<String, Object> ended(List<Map<String, Object>> output) {
      boolean isCut = end.reason() == Reason.LENGTH;
      var body = body(isCut ? "incomplete" : "completed", output);
      if (isCut) {
        body.put("incomplete_details", Map.of("reason", "max_output_tokens"));
      } else {
        body.put("completed_at", System.currentTimeMillis() / 1_000);
      }
      body.put("usage", Usages.ofResponse(conversation.usage(), end.reasoningTokens()));
      return body;
    }

    Map<String, Object> whole(Tokenizer tokenizer) {
      var output = new ResponseOutput(tokenizer, request.hasLogprobs(), (_, _) -> {});
      conversation.each(event -> take(output, event), () -> {});
      return ended(output.items());
    }

    private void take(ResponseOutput output, ReplyEvent event) {
      output.take(event);
      if (event instanceof End last) {
        end = last;
      }
    }

    Map<String, Object> stream(Exchange exchange, Tokenizer tokenizer) {
      var stream = exchange.events();
      events = Optional.of(stream);
      var output = new ResponseOutput(tokenizer, request.hasLogprobs(), this::send);
      send("response.created", response(body("in_progress", List.of())));
      send("response.in_progress", response(body("in_progress", List.of())));
      try {
        conversation.each(event -> take(output, event), stream::ping);
        return ended(output.items());
      } catch (ApiException failed) {
        var body = body("failed", output.items());
        var error = new LinkedHashMap<String, Object>();
        error.put("code", "server_error");
        error.put("message", failed.error().message());
        body.put("error", error);
        failure = Optional.of(failed.error());
        return body;
      }
    }

    /// Sends what makes the answer whole.
    void last(Exchange exchange, Map<String, Object> body) {
      if (events.isEmpty()) {
        exchange.answer(body);
      } else if (failure.isPresent()) {
        var data = numbered("response.failed", response(body));
        events.get().fail("response.failed", failure.get(), Json.write(data));
      } else {
        send("response." + body.get("status"), response(body));
        events.get().end();
      }
    }

    private static Map<String, Object> response(Map<String, Object> body) {
      return Map.of("response", body);
    }

    private void send(String name, Map<String, Object> members) {
      events.orElseThrow().send(name, Json.write(numbered(name, members)));
    }

    private Map<String, Object> numbered(String name, Map<String, Object> members) {
      var event = new LinkedHashMap<String, Object>();
      event.put("type", name);
      event.put("sequence_number", number++);
      event.putAll(members);
      return event;
    }
  }
}
