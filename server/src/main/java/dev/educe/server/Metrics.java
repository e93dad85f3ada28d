package dev.educe.server;

import dev.educe.server.http.Exchange;
import dev.educe.server.http.Route;
import dev.educe.server.http.Took;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.server.model.ServedModel;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/// Counts what is served, for Prometheus.
///
/// Labels are names of models in the catalogue, tenants of the keys, patterns of routes, statuses
/// and error codes: nothing that a client sends, so that their number is fixed.
public final class Metrics {
  private static final Duration[] LATENCIES = {
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60)
  };

  // Each 5 % above the last, so that a percentile read from them is as near to the true one.
  private static final Duration[] TOKEN_TIMES =
      DoubleStream.iterate(1e5, nanos -> nanos < 60e9, nanos -> 1.05 * nanos)
          .mapToObj(nanos -> Duration.ofNanos((long) nanos))
          .toArray(Duration[]::new);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<String, ModelTimes> times = new HashMap<>(); // by the model's name

  // The registry would make a name and all buckets anew to find what is there.
  private final Map<Answered, Timer> requests = new ConcurrentHashMap<>();
  private final Map<List<String>, Counter> counters = new ConcurrentHashMap<>();

  private record Answered(String path, String model, int status) {}

  private record ModelTimes(Timer firstToken, Timer interToken, Timer queue) {}

  /// @param catalogue whose models are watched
  public Metrics(Catalogue catalogue) {
    for (Catalogue.Entry entry : catalogue.entries()) {
      gauge(catalogue, entry, "educe.requests.waiting", m -> m.progress().waiting());
      gauge(catalogue, entry, "educe.requests.running", m -> m.progress().running());
      gauge(catalogue, entry, "educe.requests.paused", m -> m.progress().paused());
      gauge(catalogue, entry, "educe.pages", m -> m.progress().pages());
      gauge(catalogue, entry, "educe.pages.free", m -> m.progress().freePages());
      gauge(catalogue, entry, "educe.pages.cached", m -> m.progress().cachedPages());
      gauge(catalogue, entry, "educe.model.bytes", ServedModel::bytes);
      gauge(catalogue, entry, "educe.model.loaded", _ -> 1);
      times.put(
          entry.name(),
          new ModelTimes(
              timer("educe.time.to.first.token", entry.name()),
              timer("educe.inter.token.latency", entry.name()),
              timer("educe.queue.time", entry.name())));
    }
  }

  private void gauge(
      Catalogue catalogue, Catalogue.Entry entry, String name, ToDoubleFunction<ServedModel> of) {
    Gauge.builder(
            name,
            catalogue,
            models -> {
              var model = models.loaded().get(entry.name());
              return model == null ? 0 : of.applyAsDouble(model);
            })
        .tag("model", entry.name())
        .register(registry);
  }

  /// Where more can be counted.
  public MeterRegistry registry() {
    return registry;
  }

  /// A request is over.
  void over(Exchange exchange) {
    String path = exchange.route().map(Route::path).orElse("none");
    requests
        .computeIfAbsent(
            new Answered(path, exchange.model(), exchange.status()), this::requestTimer)
        .record(System.nanoTime() - exchange.startNanos(), TimeUnit.NANOSECONDS);
    if (!exchange.code().isEmpty()) {
      counter("educe.refusals", "path", path, "code", exchange.code()).increment();
    }
    exchange.took().ifPresent(took -> took(exchange.caller().tenant(), took));
  }

  private Timer requestTimer(Answered answered) {
    return Timer.builder("educe.http.requests")
        .tag("path", answered.path())
        .tag("model", answered.model())
        .tag("status", Integer.toString(answered.status()))
        .serviceLevelObjectives(LATENCIES)
        .register(registry);
  }

  private void took(String tenant, Took took) {
    counter("educe.tenant.requests", "tenant", tenant).increment();
    counter("educe.tenant.tokens.prompt", "tenant", tenant).increment(took.inputTokens());
    counter("educe.tenant.tokens.cached", "tenant", tenant).increment(took.cachedTokens());
    counter("educe.tenant.tokens.generated", "tenant", tenant).increment(took.outputTokens());
  }

  /// A text's first token has come.
  public void firstToken(String model, long nanos) {
    times.get(model).firstToken.record(nanos, TimeUnit.NANOSECONDS);
  }

  /// A text has ended.
  ///
  /// @param finish why, in a word
  public void ended(String model, String finish, TokenUsage usage) {
    counter("educe.texts", "model", model, "finish", finish).increment();
    counter("educe.tokens.prompt", "model", model).increment(usage.promptTokens());
    counter("educe.tokens.cached", "model", model).increment(usage.cachedTokens());
    counter("educe.tokens.generated", "model", model).increment(usage.generatedTokens());
    counter("educe.tokens.drafted", "model", model).increment(usage.draftedTokens());
    counter("educe.tokens.rejected", "model", model).increment(usage.rejectedTokens());
    var own = times.get(model);
    own.queue.record(usage.queueNanos(), TimeUnit.NANOSECONDS);
    if (usage.generatedTokens() > 1) {
      own.interToken.record(
          usage.decodeNanos() / (usage.generatedTokens() - 1), TimeUnit.NANOSECONDS);
    }
  }

  /// Texts have become vectors, or were to.
  ///
  /// @param texts how many
  /// @param tokens of them that were read
  public void embedded(String model, int texts, long tokens) {
    counter("educe.texts", "model", model, "finish", "embedded").increment(texts);
    counter("educe.tokens.prompt", "model", model).increment(tokens);
  }

  /// @param nameAndTags a name, then names and values of tags
  private Counter counter(String... nameAndTags) {
    return counters.computeIfAbsent(
        List.of(nameAndTags),
        all -> registry.counter(all.getFirst(), all.subList(1, all.size()).toArray(String[]::new)));
  }

  private Timer timer(String name, String model) {
    return Timer.builder(name)
        .tag("model", model)
        .serviceLevelObjectives(TOKEN_TIMES)
        .register(registry);
  }

  /// All figures, in Prometheus's text format.
  String scrape() {
    return registry.scrape();
  }
}
