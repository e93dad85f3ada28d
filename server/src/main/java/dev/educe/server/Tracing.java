package dev.educe.server;

import dev.educe.Educe;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Json;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/// Sends a span for each request to a collector of OpenTelemetry, by OTLP over HTTP in JSON.
///
/// Requests never wait for it: what a slow or absent collector does not take is dropped.
final class Tracing implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Tracing.class.getName());
  private static final int QUEUE_MAX = 4_096;
  private static final int BATCH_MAX = 512;
  private static final long GATHER_MILLIS = 1_000;
  private static final long ENDING_MILLIS = 5_000;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final URI traces;
  private final BlockingQueue<Map<String, Object>> spans = new ArrayBlockingQueue<>(QUEUE_MAX);
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private final Thread sender;
  private volatile boolean isEnding;
  private boolean isComplaining;

  /// @param collector its address, without `/v1/traces`
  Tracing(URI collector) {
    this.traces = URI.create(collector.toString().replaceFirst("/+$", "") + "/v1/traces");
    this.sender = Thread.ofVirtual().name("educe-tracing").start(this::send);
  }

  void over(Exchange exchange) {
    Span.of(exchange).ifPresent(spans::offer);
  }

  private void send() {
    try {
      while (!isEnding || !spans.isEmpty()) {
        var batch = new ArrayList<Map<String, Object>>();
        var first = spans.poll(GATHER_MILLIS / 10, TimeUnit.MILLISECONDS);
        if (first == null) {
          continue;
        }
        batch.add(first);
        if (!isEnding && spans.size() < BATCH_MAX) {
          Thread.sleep(GATHER_MILLIS);
        }
        spans.drainTo(batch, BATCH_MAX - 1);
        send(batch);
      }
    } catch (InterruptedException _) {
      // The server does not wait any longer.
    }
  }

  private void send(List<Map<String, Object>> batch) throws InterruptedException {
    var resource =
        List.of(Span.text("service.name", "educe"), Span.text("service.version", Educe.VERSION));
    var scope = Map.of("scope", Map.of("name", "dev.educe.server"), "spans", batch);
    var body =
        Map.of(
            "resourceSpans",
            List.of(
                Map.of("resource", Map.of("attributes", resource), "scopeSpans", List.of(scope))));
    var request =
        HttpRequest.newBuilder(traces)
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString(Json.write(body)))
            .build();
    try {
      int status = client.send(request, BodyHandlers.discarding()).statusCode();
      complain(status / 100 == 2 ? "" : "it answers " + status);
    } catch (IOException e) {
      complain(e.getMessage() == null ? "it cannot be reached" : e.getMessage());
    }
  }

  /// Says so once when spans begin to be lost, and once when they are taken again.
  private void complain(String why) {
    if (isComplaining == why.isEmpty()) {
      isComplaining = !isComplaining;
      LOG.log(
          isComplaining ? Level.WARNING : Level.INFO,
          isComplaining
              ? "traces are lost, since %s does not take them: %s".formatted(traces, why)
              : traces + " takes traces again");
    }
  }

  /// Sends what is left, for a few seconds at most.
  @Override
  public void close() {
    isEnding = true;
    try {
      sender.join(Duration.ofMillis(ENDING_MILLIS));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    sender.interrupt();
    client.shutdownNow();
  }
}
