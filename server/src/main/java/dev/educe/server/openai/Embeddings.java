package dev.educe.server.openai;

import dev.educe.EmbeddingOptions;
import dev.educe.server.generation.Failures;
import dev.educe.server.generation.Service;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.ClientGoneException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Refusal;
import dev.educe.server.model.ServedModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// `POST /v1/embeddings`: texts as vectors.
final class Embeddings {
  // How soon it is seen that a client has left.
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Service service;

  Embeddings(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    try (var lease = service.catalogue().lease(fields.requireText("model"))) {
      exchange.concerns(lease.name());
      var request = EmbeddingsRequest.of(fields, lease.model());
      exchange.answer(answer(lease.name(), request, read(exchange, lease, request)));
    }
  }

  /// Reads all texts; what they took is settled in one place, whatever became of them.
  private dev.educe.Embeddings read(
      Exchange exchange, Catalogue.Lease lease, EmbeddingsRequest request) {
    var options =
        new EmbeddingOptions(
            request.dimensions(),
            exchange.caller().tenant(),
            exchange.priority(),
            service.deadline());
    var reservation = service.budgets().of(exchange.caller()).reserve(request.tokens());
    long taken = 0;
    try (var vectors = lease.model().embed(request.inputs(), options)) {
      try {
        return await(exchange, vectors);
      } finally {
        taken = vectors.tokensRead();
        service.metrics().embedded(lease.name(), request.inputs().size(), taken);
      }
    } catch (ApiException | ClientGoneException told) {
      throw told;
    } catch (RuntimeException failed) {
      throw Failures.of(Optional.of(failed));
    } finally {
      reservation.settle(taken);
    }
  }

  private static dev.educe.Embeddings await(Exchange exchange, ServedModel.Vectors vectors) {
    try {
      while (true) {
        var all = vectors.poll(LOOK);
        if (all.isPresent()) {
          return all.get();
        }
        if (exchange.isClientGone()) {
          throw new ClientGoneException();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw Refusal.CLOSED.error("The server is shutting down.", 0);
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
