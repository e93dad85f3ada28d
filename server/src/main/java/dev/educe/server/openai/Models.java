package dev.educe.server.openai;

import dev.educe.kernels.Kernels;
import dev.educe.server.generation.Service;
import dev.educe.server.http.Exchange;
import dev.educe.server.model.Catalogue;
import java.util.LinkedHashMap;
import java.util.Map;

/// `GET /v1/models`: which models there are.
final class Models {
  private final Service service;

  Models(Service service) {
    this.service = service;
  }

  void list(Exchange exchange) {
    var body = new LinkedHashMap<String, Object>();
    body.put("object", "list");
    body.put("data", service.catalogue().entries().stream().map(Models::object).toList());
    exchange.answer(body);
  }

  void one(Exchange exchange) {
    exchange.answer(object(service.catalogue().entry(exchange.pathValue())));
  }

  private static Map<String, Object> object(Catalogue.Entry entry) {
    var object = new LinkedHashMap<String, Object>();
    object.put("id", entry.name());
    object.put("object", "model");
    object.put("created", entry.createdSeconds());
    object.put("owned_by", "educe");
    return object;
  }

  /// The same as long as the same seed gives the same answer.
  static String fingerprint(Catalogue catalogue, String model) {
    return "fp_"
        + Integer.toHexString(Kernels.CONTRACT_VERSION)
        + "_"
        + Long.toHexString(catalogue.entry(model).createdSeconds());
  }
}
