package dev.educe.server.openai;

import dev.educe.server.http.ApiException;
import dev.educe.server.http.EventStream;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Json;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening;
import dev.educe.server.model.Happening.TokenUsage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/// `POST /v1/completions`: continues a text as it is, without a template.
final class Completions {
  private final Service service;

  Completions(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.catalogue().lease(fields.requireText("model"))) {
      exchange.concerns(lease.name());
      var request = CompletionRequest.of(fields, lease.model().tokenizer());
      try (var texts =
          new Texts(service, exchange, lease, "prompt", generating(exchange, request))) {
        var answer = new Answer(exchange, lease.name(), request);
        if (request.streaming().isOn()) {
          answer.stream(texts);
        } else {
          answer.whole(texts);
        }
      }
    }
  }

  private List<Generating> generating(Exchange exchange, CompletionRequest request) {
    var generating = new ArrayList<Generating>();
    for (int[] prompt : request.prompts()) {
      for (int i = 0; i < request.count(); i++) {
        generating.add(
            new Generating(
                generating.size(),
                i,
                prompt,
                request.tokensMax(),
                request.sampling(),
                request.stop(),
                OptionalInt.empty(),
                exchange.caller().tenant(),
                0,
                service.deadline()));
      }
    }
    return generating;
  }

  /// The answer to one request.
  private static final class Answer {
    private final Exchange exchange;
    private final CompletionRequest request;
    private final String model;
    private final String id;
    private final long created = System.currentTimeMillis() / 1_000;

    Answer(Exchange exchange, String model, CompletionRequest request) {
      this.exchange = exchange;
      this.model = model;
      this.request = request;
      this.id = Ids.of("cmpl-");
    }

    void whole(Texts texts) {
      int count = request.prompts().size() * request.count();
      var written = new ArrayList<StringBuilder>();
      var finishes = new String[count];
      for (int i = 0; i < count; i++) {
        written.add(new StringBuilder(start(i)));
      }
      texts.each(
          happening -> {
            written.get(happening.choice()).append(text(happening));
            if (happening instanceof Happening.End end) {
              finishes[end.choice()] = finish(end);
            }
          },
          () -> {});
      var choices = new ArrayList<Map<String, Object>>();
      for (int i = 0; i < count; i++) {
        choices.add(choice(i, written.get(i).toString(), finishes[i]));
      }
      var body = object(choices);
      body.put("usage", Usages.of(texts.usage()));
      exchange.answer(body);
    }

    void stream(Texts texts) {
      EventStream events = exchange.events();
      try {
        for (int i = 0; i < request.prompts().size() * request.count(); i++) {
          send(events, i, start(i), null);
        }
        texts.each(
            happening -> {
              String finish = happening instanceof Happening.End end ? finish(end) : null;
              send(events, happening.choice(), text(happening), finish);
            },
            events::ping);
        if (request.streaming().hasUsage()) {
          events.send(Json.write(chunk(List.of(), texts.usage())));
        }
        events.done();
      } catch (ApiException failed) {
        events.fail(failed.error());
      }
    }

    private String start(int choice) {
      return request.isEchoed() ? request.texts().get(choice / request.count()) : "";
    }

    private void send(EventStream events, int choice, String text, String finish) {
      if (!text.isEmpty() || finish != null) {
        events.send(Json.write(chunk(List.of(choice(choice, text, finish)), null)));
      }
    }

    private Map<String, Object> chunk(List<Map<String, Object>> choices, TokenUsage usage) {
      var chunk = object(choices);
      if (request.streaming().hasUsage()) {
        chunk.put("usage", usage == null ? null : Usages.of(usage));
      }
      return chunk;
    }

    private Map<String, Object> object(List<Map<String, Object>> choices) {
      var object = new LinkedHashMap<String, Object>();
      object.put("id", id);
      object.put("object", "text_completion");
      object.put("created", created);
      object.put("model", model);
      object.put("choices", choices);
      return object;
    }

    private static Map<String, Object> choice(int index, String text, String finish) {
      var choice = new LinkedHashMap<String, Object>();
      choice.put("text", text);
      choice.put("index", index);
      choice.put("logprobs", null);
      choice.put("finish_reason", finish);
      return choice;
    }

    private static String text(Happening happening) {
      return switch (happening) {
        case Happening.Piece piece -> piece.text();
        case Happening.End end -> end.text();
      };
    }

    private static String finish(Happening.End end) {
      return end.finish().name().toLowerCase(Locale.ROOT);
    }
  }
}
