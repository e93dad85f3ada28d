package dev.educe.server.generation;

import dev.educe.server.Metrics;
import dev.educe.server.access.Budgets;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.model.Catalogue;
import java.time.Duration;

/// What the handlers of all APIs share.
///
/// @param catalogue of models
/// @param budgets of tenants
/// @param metrics where is counted
/// @param pace of all streams
/// @param heartbeat how long a stream may be silent
/// @param deadline how long a text may take in all; zero for any time
public record Service(
    Catalogue catalogue,
    Budgets budgets,
    Metrics metrics,
    Pace pace,
    Duration heartbeat,
    Duration deadline) {
  /// Takes the model into use that a request asks to generate with. What would be refused whatever
  /// it asks for is refused here: a storm of requests must cost next to nothing, and a prompt and a
  /// grammar may cost more than a token.
  ///
  /// @throws ApiException if there is no such model, or it takes nothing on
  public Catalogue.Lease lease(Exchange exchange, String model) {
    var lease = catalogue.lease(model);
    try {
      exchange.concerns(lease.name());
      lease.model().checkRoom(exchange.caller().tenant());
      exchange.watchClient();
      return lease;
    } catch (RuntimeException refused) {
      lease.close();
      throw refused;
    }
  }
}
