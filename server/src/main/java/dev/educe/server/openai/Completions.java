package dev.educe.server.openai;

import dev.educe.server.generation.Service;
import dev.educe.server.generation.Texts;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Envelope;
import dev.educe.server.http.EventStream;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Ids;
import dev.educe.server.http.Json;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `POST /v1/completions`: continues a text as it is, without a template.
final class Completions {
  private final Service service;

  Completions(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.lease(exchange, fields.requireText("model"))) {
      var request =
          CompletionRequest.of(
              fields, lease.model(), exchange.caller().tenant(), service.deadline());
      try (var texts = new Texts(service, exchange, lease, "prompt", generating(request))) {
        var answer = new Written(exchange, head(lease), request, lease.model().tokenizer());
        if (request.streaming().isOn()) {
          answer.stream(texts);
        } else {
          answer.whole(texts);
        }
      }
    }
  }

  /// What every answer and every chunk of one begins with.
  private Map<String, Object> head(Catalogue.Lease lease) {
    var head = new LinkedHashMap<String, Object>();
    head.put("id", Ids.of("cmpl-"));
    head.put("object", "text_completion");
    head.put("created", System.currentTimeMillis() / 1_000);
    head.put("model", lease.name());
    head.put("system_fingerprint", Models.fingerprint(service.catalogue(), lease.name()));
    return head;
  }

  private static List<Generating> generating(CompletionRequest request) {
    var generating = new ArrayList<Generating>();
    for (int[] prompt : request.prompts()) {
      for (int i = 0; i < request.tries(); i++) {
        generating.add(new Generating(generating.size(), i, prompt, request.generation(), false));
      }
    }
    return generating;
  }

  /// The answer to one request.
  private static final class Written {
    private final Exchange exchange;
    private final Map<String, Object> head;
    private final CompletionRequest request;
    private final List<CompletionText> written = new ArrayList<>();
    private final List<Envelope> envelopes = new ArrayList<>(); // of texts that go on

    Written(
        Exchange exchange,
        Map<String, Object> head,
        CompletionRequest request,
        Tokenizer tokenizer) {
      this.exchange = exchange;
      this.head = head;
      this.request = request;
      for (int i = 0; i < request.prompts().size() * request.tries(); i++) {
        written.add(new CompletionText(request, i / request.tries(), tokenizer));
      }
    }

    void whole(Texts texts) {
      texts.each(happening -> written.get(happening.choice()).take(happening), () -> {});
      var choices = new ArrayList<Map<String, Object>>();
      for (CompletionText text : best()) {
        choices.add(text.choice(choices.size()));
      }
      var body = object(choices);
      body.put("usage", Usages.of(texts.usage()));
      exchange.answer(body);
    }

    /// Of each prompt's texts the likeliest, the best first; or all in their order.
    private List<CompletionText> best() {
      if (request.tries() == request.count()) {
        return written;
      }
      var best = new ArrayList<CompletionText>();
      for (int from = 0; from < written.size(); from += request.tries()) {
        written.subList(from, from + request.tries()).stream()
            .sorted(Comparator.comparingDouble(CompletionText::score).reversed())
            .limit(request.count())
            .forEach(best::add);
      }
      return best;
    }

    void stream(Texts texts) {
      for (int i = 0; i < written.size(); i++) {
        int index = i;
        envelopes.add(
            new Envelope(text -> chunk(List.of(CompletionText.choice(index, text)), null)));
      }
      var events = exchange.events();
      try {
        if (request.logprobs().isEmpty()) {
          for (int i = 0; i < written.size(); i++) {
            send(events, i);
          }
        }
        texts.each(
            happening -> {
              written.get(happening.choice()).take(happening);
              send(events, happening.choice());
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

    private void send(EventStream events, int choice) {
      var text = written.get(choice);
      if (!text.hasBegun() || !text.hasNews()) {
        return;
      }
      if (text.isText()) {
        events.send(envelopes.get(choice).with(text.takeText()));
      } else {
        events.send(Json.write(chunk(List.of(text.choice(choice)), null)));
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
      var object = new LinkedHashMap<>(head);
      object.put("choices", choices);
      return object;
    }
  }
}
