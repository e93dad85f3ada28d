package dev.educe.server.anthropic;

import dev.educe.server.generation.Service;
import dev.educe.server.http.Exchange;
import dev.educe.server.model.Catalogue;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/// `GET /v1/models`: which models there are, all on one page.
final class ModelList {
  private final Service service;

  ModelList(Service service) {
    this.service = service;
  }

  void list(Exchange exchange) {
    var entries = service.catalogue().entries();
    var body = new LinkedHashMap<String, Object>();
    body.put("data", entries.stream().map(ModelList::object).toList());
    body.put("has_more", false);
    body.put("first_id", entries.isEmpty() ? null : entries.getFirst().name());
    body.put("last_id", entries.isEmpty() ? null : entries.getLast().name());
    exchange.answer(body);
  }

  void one(Exchange exchange) {
    exchange.answer(object(service.catalogue().entry(exchange.pathValue())));
  }

  private static Map<String, Object> object(Catalogue.Entry entry) {
    var object = new LinkedHashMap<String, Object>();
    object.put("type", "model");
    object.put("id", entry.name());
    object.put("display_name", entry.name());
    object.put("created_at", Instant.ofEpochSecond(entry.createdSeconds()).toString());
    return object;
  }
}
