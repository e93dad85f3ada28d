package dev.educe.server.generation;

import dev.educe.EmbeddingOptions;
import dev.educe.Embeddings;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.ClientGoneException;
import dev.educe.server.http.Exchange;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Refusal;
import dev.educe.server.model.ServedModel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Turns the texts of a request into vectors.
public final class Vectorizing {
  // How soon it is seen that a client has left.
  private static final Duration LOOK = Duration.ofMillis(200);

  private Vectorizing() {}

  /// Reads all texts; what they took is settled in one place, whatever became of them.
  ///
  /// @param inputs their tokens
  /// @param dimensions how many values of each are wanted; empty for all
  /// @throws ApiException if they are not taken on, or it failed
  /// @throws ClientGoneException if the client has left
  public static Embeddings read(
      Service service,
      Exchange exchange,
      Catalogue.Lease lease,
      List<int[]> inputs,
      OptionalInt dimensions) {
    var options =
        new EmbeddingOptions(
            dimensions, exchange.caller().tenant(), exchange.priority(), service.deadline());
    long tokens = inputs.stream().mapToLong(input -> input.length).sum();
    var reservation = service.budgets().of(exchange.caller()).reserve(tokens, exchange.canWait());
    long taken = 0;
    try (var vectors = lease.model().embed(inputs, options)) {
      try {
        return await(exchange, vectors);
      } finally {
        taken = vectors.tokensRead();
        service.metrics().embedded(lease.name(), inputs.size(), taken);
      }
    } catch (ApiException | ClientGoneException told) {
      throw told;
    } catch (RuntimeException failed) {
      throw Failures.of(Optional.of(failed));
    } finally {
      reservation.settle(taken);
    }
  }

  private static Embeddings await(Exchange exchange, ServedModel.Vectors vectors) {
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
}
