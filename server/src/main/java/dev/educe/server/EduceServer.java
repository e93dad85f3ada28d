package dev.educe.server;

import dev.educe.server.access.Budgets;
import dev.educe.server.access.Gate;
import dev.educe.server.access.HostCheck;
import dev.educe.server.access.KeyFile;
import dev.educe.server.access.Keys;
import dev.educe.server.anthropic.Anthropic;
import dev.educe.server.batch.Batches;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.generation.Pace;
import dev.educe.server.generation.Service;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.HttpOptions;
import dev.educe.server.http.HttpServer;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import dev.educe.server.model.Catalogue;
import dev.educe.server.ollama.Ollama;
import dev.educe.server.openai.OpenAi;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// The server: models of a catalogue, served over HTTP until it is closed.
public final class EduceServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(EduceServer.class.getName());
  private static final Duration WARNING_INTERVAL = Duration.ofMinutes(1);

  private final ServerConfig config;
  private final Catalogue catalogue;
  private final Metrics metrics;
  private final Pace pace = new Pace();
  private final Health health;
  private final Optional<Keys> keys;
  private final Optional<AccessLog> accessLog;
  private final Optional<Tracing> tracing;
  private final Optional<Batches> batches;
  private final HttpServer http;
  private final Thread warning;
  private volatile boolean isDraining;
  private volatile boolean wasLoaded;

  /// Starts to serve.
  ///
  /// @param catalogue of models; closed with the server
  /// @param out takes the lines of an access log that goes to standard output
  /// @throws IOException if it cannot listen, or a file of the configuration cannot be read
  public EduceServer(ServerConfig config, Catalogue catalogue, Consumer<String> out)
      throws IOException {
    this.config = config;
    this.catalogue = catalogue;
    this.metrics = new Metrics(catalogue);
    this.health = new Health(catalogue, config.limits().stall(), System::nanoTime);
    this.accessLog = accessLog(config.accessLog(), out);
    this.tracing = config.tracing().map(Tracing::new);
    this.keys =
        config.keys().isPresent()
            ? Optional.of(new Keys(new KeyFile(config.keys().get()), InstantSource.system()))
            : Optional.empty();
    var budgets = new Budgets(System::nanoTime);
    var hosts = new HostCheck(config.allowedHosts(), config.corsOrigins());
    this.batches = config.batches().isPresent() ? Optional.of(batches(budgets)) : Optional.empty();
    try {
      this.http =
          new HttpServer(
              options(config), routes(budgets), new Gate(hosts, keys, budgets), this::over);
    } catch (IOException | RuntimeException e) {
      batches.ifPresent(Batches::close);
      closeFiles();
      throw e;
    }
    this.warning = Thread.ofVirtual().name("educe-warning").start(this::warn);
  }

  private static Optional<AccessLog> accessLog(String to, Consumer<String> out) throws IOException {
    return switch (to) {
      case "off" -> Optional.empty();
      case "-" -> Optional.of(AccessLog.to(out));
      default -> Optional.of(AccessLog.to(Path.of(to)));
    };
  }

  private static HttpOptions options(ServerConfig config) throws IOException {
    var limits = config.limits();
    return new HttpOptions(
        config.host(),
        config.port(),
        config.tls().isPresent()
            ? Optional.of(TlsFiles.context(config.tls().get()))
            : Optional.empty(),
        limits.headerBytes(),
        limits.head(),
        limits.body(),
        limits.idle(),
        limits.connections());
  }

  private List<Route> routes(Budgets budgets) {
    var routes = new ArrayList<Route>();
    routes.add(Route.get("/health", Scope.PUBLIC, this::health));
    routes.add(Route.get("/ready", Scope.PUBLIC, this::ready));
    routes.addAll(Console.routes());
    if (config.metrics()) {
      routes.add(Route.get("/metrics", Scope.METRICS, this::metrics));
    }
    var service = service(budgets, config.limits().request());
    routes.addAll(Anthropic.beside(OpenAi.routes(service, batches), service));
    routes.addAll(Ollama.routes(service));
    return routes;
  }

  private Service service(Budgets budgets, Duration deadline) {
    return new Service(catalogue, budgets, metrics, pace, config.limits().heartbeat(), deadline);
  }

  /// What waits behind everybody may take any time; batches have ends of their own.
  private Batches batches(Budgets budgets) throws IOException {
    try {
      return new Batches(
          config.batches().orElseThrow(),
          OpenAi.endpoints(service(budgets, Duration.ZERO)),
          config.batchLines(),
          Batches.Terms.keeping(config.batchesKept()));
    } catch (IOException | RuntimeException e) {
      closeFiles();
      throw e;
    }
  }

  private void health(Exchange exchange) {
    if (health.isWell()) {
      exchange.answer(Map.of("status", "ok"));
    } else {
      exchange.answer(503, "application/json", "{\"status\":\"stalled\"}");
    }
  }

  private void ready(Exchange exchange) {
    // Once: what goes later comes back when it is asked for.
    wasLoaded |= catalogue.loaded().size() == catalogue.entries().size();
    if (isDraining) {
      exchange.answer(503, "application/json", "{\"status\":\"shutting_down\"}");
    } else if (config.preload() && config.unload().isZero() && !wasLoaded) {
      exchange.answer(503, "application/json", "{\"status\":\"loading\"}");
    } else {
      exchange.answer(Map.of("status", "ready"));
    }
  }

  private void metrics(Exchange exchange) {
    exchange.answer(200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape());
  }

  private void over(Exchange exchange) {
    metrics.over(exchange);
    accessLog.ifPresent(log -> log.over(exchange));
    tracing.ifPresent(spans -> spans.over(exchange));
  }

  /// Health is looked at when nobody asks, too, so that a stall is known by its true length; and a
  /// server that is open to strangers says so again and again.
  private void warn() {
    try {
      long next = System.nanoTime();
      while (true) {
        if (!health.isWell()) {
          LOG.log(Level.ERROR, "work waits, and nothing progresses");
        }
        if (config.isOpenToStrangers() && System.nanoTime() - next >= 0) {
          LOG.log(
              Level.WARNING, "anybody who reaches this machine may use it: no key is asked for");
          next += WARNING_INTERVAL.toNanos();
        }
        Thread.sleep(Duration.ofSeconds(1));
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  /// Where it is to be found.
  public URI uri() {
    return http.uri();
  }

  /// Every route there is.
  public List<Route> routes() {
    return http.routes();
  }

  /// How many requests are being handled.
  public int underWay() {
    return http.underWay();
  }

  /// Refuses new requests from now on, and waits for those under way; at most as long as the
  /// configuration says, and no longer than until this thread is interrupted.
  public void drain() {
    isDraining = true;
    try {
      http.drain(config.limits().drain());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends what is under way, unloads the models and closes all files.
  @Override
  public void close() {
    warning.interrupt();
    http.close();
    batches.ifPresent(Batches::close);
    catalogue.close();
    closeFiles();
  }

  private void closeFiles() {
    keys.ifPresent(Keys::close);
    accessLog.ifPresent(AccessLog::close);
    tracing.ifPresent(Tracing::close);
  }
}
