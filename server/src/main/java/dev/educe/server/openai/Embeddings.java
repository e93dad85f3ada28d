package dev.educe.server.openai;

import dev.educe.server.generation.Service;
import dev.educe.server.generation.Vectorizing;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/// `POST /v1/embeddings`: texts as vectors.
final class Embeddings {
  private final Service service;

  Embeddings(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.lease(exchange, fields.requireText("model"))) {
      var request = EmbeddingsRequest.of(fields, lease.model());
      var vectors =
          Vectorizing.read(service, exchange, lease, request.inputs(), request.dimensions());
      exchange.answer(answer(lease.name(), request, vectors));
    }
  }

  private static Map<String, Object> answer(
      String model, EmbeddingsRequest request, dev.educe.Embeddings embeddings) {
    var list = new ArrayList<Map<String, Object>>();
    for (float[] vector : embeddings.vectors()) {
      var object = new LinkedHashMap<String, Object>();
      object.put("object", "embedding");
      object.put("index", list.size());
      object.put("embedding", request.isBase64() ? base64(vector) : vector);
      list.add(object);
    }
    var body = new LinkedHashMap<String, Object>();
    body.put("object", "list");
    body.put("data", list);
    body.put("model", model);
    long tokens = embeddings.promptTokens();
    body.put("usage", Map.of("prompt_tokens", tokens, "total_tokens", tokens));
    return body;
  }

  /// Little-endian floats.
  private static String base64(float[] vector) {
    var bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
