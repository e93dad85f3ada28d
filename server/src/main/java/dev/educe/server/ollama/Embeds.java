package dev.educe.server.ollama;

import dev.educe.server.generation.Service;
import dev.educe.server.generation.Vectorizing;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Refusal;
import dev.educe.server.model.ServedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// `POST /api/embed` and, for one text, the older `/api/embeddings`: texts as vectors of length 1.
final class Embeds {
  private static final int INPUTS_MAX = 2_048;

  private final Service service;

  Embeds(Service service) {
    this.service = service;
  }

  void many(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String name = Common.model(fields, service.catalogue());
    long begin = System.nanoTime();
    try (var lease = service.catalogue().lease(name)) {
      long loadNanos = System.nanoTime() - begin;
      exchange.concerns(lease.name());
      fields.require("input");
      var texts = fields.texts("input", INPUTS_MAX);
      boolean isCut = fields.flag("truncate").orElse(true);
      var dimensions = fields.integer("dimensions", 0, lease.model().stateSize()).orElse(0L);
      check(fields, lease);
      if (texts.isEmpty()) {
        throw nothing();
      }
      var inputs = new ArrayList<int[]>();
      for (String text : texts) {
        inputs.add(tokens(lease.model(), text, isCut));
      }
      var size = dimensions == 0 ? OptionalInt.empty() : OptionalInt.of(dimensions.intValue());
      var vectors = Vectorizing.read(service, exchange, lease, inputs, size);
      var body = new LinkedHashMap<String, Object>();
      body.put("model", lease.name());
      body.put("embeddings", vectors.vectors());
      body.put("total_duration", System.nanoTime() - exchange.startNanos());
      body.put("load_duration", loadNanos);
      body.put("prompt_eval_count", vectors.promptTokens());
      exchange.answer(body);
    }
  }

  void one(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String name = Common.model(fields, service.catalogue());
    try (var lease = service.catalogue().lease(name)) {
      exchange.concerns(lease.name());
      String text = fields.requireText("prompt");
      check(fields, lease);
      var input = List.of(tokens(lease.model(), text, true));
      var vectors = Vectorizing.read(service, exchange, lease, input, OptionalInt.empty());
      exchange.answer(Map.of("embedding", vectors.vectors().getFirst()));
    }
  }

  /// Reads the rest, of which nothing changes the vectors.
  private static void check(Fields fields, Catalogue.Lease lease) {
    Options.check(fields, lease.model());
    var keep = Common.keepAlive(fields);
    fields.refuseRest();
    keep.ifPresent(lease::keep);
  }

  private static ApiException nothing() {
    return Fields.invalid(
        "input", "invalid_value", "There is nothing to read; give at least one character.");
  }

  private static int[] tokens(ServedModel model, String text, boolean isCut) {
    int[] tokens = text.isEmpty() ? new int[0] : model.tokenizer().encode(text, false);
    if (tokens.length == 0) {
      throw nothing();
    }
    if (tokens.length <= model.contextLength()) {
      return tokens;
    }
    if (isCut) {
      return Arrays.copyOf(tokens, model.contextLength());
    }
    throw Refusal.PROMPT_TOO_LONG.error(
        "input",
        "The input length exceeds the context length: %,d tokens, where there is room for %,d."
            .formatted(tokens.length, model.contextLength()));
  }
}
