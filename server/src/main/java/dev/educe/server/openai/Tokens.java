package dev.educe.server.openai;

import dev.educe.server.generation.Service;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// `POST /v1/tokenize` and `/v1/detokenize`: what a model reads when it reads a text.
final class Tokens {
  private final Service service;

  Tokens(Service service) {
    this.service = service;
  }

  void tokenize(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.catalogue().lease(fields.requireText("model"))) {
      exchange.concerns(lease.name());
      String prompt = fields.requireText("prompt");
      boolean addsSpecial = fields.flag("add_special_tokens").orElse(true);
      boolean isSpecial = fields.flag("parse_special").orElse(true);
      fields.refuseRest();
      var tokenizer = lease.model().tokenizer();
      int[] tokens =
          addsSpecial
              ? tokenizer.encode(prompt, isSpecial)
              : tokenizer.encodePlain(prompt, isSpecial);
      var body = new LinkedHashMap<String, Object>();
      body.put("model", lease.name());
      body.put("count", tokens.length);
      body.put("max_model_len", lease.model().contextLength());
      body.put("tokens", Arrays.stream(tokens).boxed().toList());
      exchange.answer(body);
    }
  }

  void detokenize(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.catalogue().lease(fields.requireText("model"))) {
      exchange.concerns(lease.name());
      var tokenizer = lease.model().tokenizer();
      int[] tokens = TokenIds.read(fields.require("tokens"), "tokens", tokenizer.vocabularySize());
      fields.refuseRest();
      exchange.answer(Map.of("model", lease.name(), "prompt", tokenizer.decode(tokens)));
    }
  }
}
