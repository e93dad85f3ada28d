package dev.educe.server.access;

import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Caller;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Guard;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Lets requests in: those for this server, from where they may come, with a key that allows them,
/// within its quota.
public final class Gate implements Guard {
  private static final System.Logger LOG = System.getLogger(Gate.class.getName());

  // What pages may read of an answer: what clients go by when they try again, and what they show.
  private static final String EXPOSED = "x-request-id, retry-after, retry-after-ms, x-should-retry";

  private static final Pattern HEADER_NAMES = Pattern.compile("[a-zA-Z0-9, -]{1,1024}");

  private final HostCheck hosts;
  private final Optional<Keys> keys;
  private final Budgets budgets;
  private final FailedTries tries = new FailedTries(System::nanoTime);

  /// @param keys that are asked for; if there are none, anybody may call
  public Gate(HostCheck hosts, Optional<Keys> keys, Budgets budgets) {
    this.hosts = hosts;
    this.keys = keys;
    this.budgets = budgets;
  }

  @Override
  public boolean arrived(Exchange exchange) {
    String host = exchange.header("host").orElse("");
    if (!hosts.isOurs(host)) {
      throw forbidden("host_not_allowed", "This server does not go by the name in 'Host'.");
    }
    List<String> origins = exchange.headers("origin");
    if (origins.isEmpty()) {
      return false;
    }
    String origin = origins.getFirst();
    if (origins.size() > 1 || !hosts.isWelcome(origin, host)) {
      throw forbidden("origin_not_allowed", "Pages of this origin may not call this server.");
    }
    if (hosts.isAllowed(origin)) {
      exchange.header("access-control-allow-origin", origin);
      exchange.header("access-control-expose-headers", EXPOSED);
      exchange.header("vary", "Origin");
      return isPreflight(exchange);
    }
    return false;
  }

  /// A browser asks whether a page may send what it wants to send: any header, for clients have
  /// many of their own, and the page's origin is known to be welcome.
  private static boolean isPreflight(Exchange exchange) {
    if (!exchange.method().equals("OPTIONS")
        || exchange.headers("access-control-request-method").isEmpty()) {
      return false;
    }
    exchange.header("access-control-allow-methods", "GET, POST, DELETE");
    exchange.header(
        "access-control-allow-headers",
        exchange
            .header("access-control-request-headers")
            .filter(names -> HEADER_NAMES.matcher(names).matches())
            .orElse("authorization, content-type"));
    exchange.header("access-control-max-age", "600");
    exchange.answer(204, "text/plain", "");
    return true;
  }

  @Override
  public Caller identify(Exchange exchange, Route route) {
    if (route.scope() == Scope.PUBLIC) {
      return Caller.ANONYMOUS;
    }
    var caller = keys.isEmpty() ? Caller.TRUSTED : caller(exchange, keys.get());
    if (!caller.scopes().contains(route.scope())) {
      throw forbidden(
          "insufficient_permissions", "You have insufficient permissions for this operation.");
    }
    return caller;
  }

  private Caller caller(Exchange exchange, Keys good) {
    return secret(exchange)
        .flatMap(good::find)
        .map(key -> new Caller(key.id(), key.tenant(), withPublic(key.scopes()), key.quota()))
        .orElseThrow(() -> wrongKey(exchange));
  }

  private static Set<Scope> withPublic(Set<Scope> scopes) {
    var all = new HashSet<>(scopes);
    all.add(Scope.PUBLIC);
    return all;
  }

  /// The one bearer token or, without any `Authorization`, Anthropic's `x-api-key`; no other way to
  /// send a key is known.
  private static Optional<String> secret(Exchange exchange) {
    if (exchange.headers("authorization").isEmpty()) {
      return exchange.header("x-api-key");
    }
    return exchange
        .header("authorization")
        .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, "Bearer ".length()))
        .map(value -> value.substring("Bearer ".length()).strip());
  }

  /// The same for all causes, so that nothing is learnt of keys that there are.
  private ApiException wrongKey(Exchange exchange) {
    long stayAwayMillis = tries.failed(exchange.source());
    if (stayAwayMillis > 0) {
      return new ApiException(
          ApiError.of(
                  429,
                  "rate_limit_error",
                  "rate_limit_exceeded",
                  "Too many requests without a good key came from your address.")
              .withRetryMillis(stayAwayMillis));
    }
    LOG.log(Level.INFO, () -> "no good key came from " + exchange.source());
    return new ApiException(
        ApiError.of(
            401,
            ApiError.INVALID_REQUEST,
            "invalid_api_key",
            "Incorrect API key provided. Send a good one as 'Authorization: Bearer sk-…' or"
                + " 'x-api-key: sk-…'."));
  }

  @Override
  public Runnable enter(Exchange exchange, Route route) {
    if (route.scope() == Scope.PUBLIC) {
      return () -> {};
    }
    var budget = budgets.of(exchange.caller());
    try {
      budget.enter();
    } finally {
      budget.headers().forEach(exchange::header);
    }
    return budget::leave;
  }

  private static ApiException forbidden(String code, String message) {
    return new ApiException(ApiError.of(403, "permission_error", code, message));
  }
}
