package dev.educe.server.http;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/// Takes a request from its first check to its last byte: the one place where whatever a handler
/// throws becomes an answer.
final class Front extends Handler.Abstract {
  private static final System.Logger LOG = System.getLogger(Front.class.getName());

  // When a server that shuts down may be back.
  private static final long RESTART_MILLIS = 5_000;

  private final Router router;
  private final Guard guard;
  private final Observer observer;
  private final BodyReader bodyReader;
  private final SlowHeads slowHeads;
  private final AtomicInteger underWay = new AtomicInteger();
  private volatile boolean refuses;

  Front(
      List<Route> routes,
      Guard guard,
      Observer observer,
      BodyReader bodyReader,
      SlowHeads slowHeads) {
    this.router = new Router(routes);
    this.guard = guard;
    this.observer = observer;
    this.bodyReader = bodyReader;
    this.slowHeads = slowHeads;
  }

  List<Route> routes() {
    return router.routes();
  }

  int underWay() {
    return underWay.get();
  }

  /// From now on, new requests are told to come back later.
  void refuse() {
    refuses = true;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    underWay.incrementAndGet();
    slowHeads.arrived(request.getConnectionMetaData().getConnection());
    var exchange = new Exchange(new ConnectionWire(request, response, bodyReader), 0);
    try {
      answer(exchange);
      BodyReader.skip(request);
      callback.succeeded();
    } catch (ClientGoneException gone) {
      // What was begun must not look whole to whoever may still listen.
      request.getConnectionMetaData().getConnection().getEndPoint().close(gone);
      callback.failed(gone);
    } finally {
      slowHeads.answered(request.getConnectionMetaData().getConnection());
      observe(exchange);
      underWay.decrementAndGet();
    }
    return true;
  }

  private void answer(Exchange exchange) {
    try {
      handle(exchange);
      if (!exchange.isAnswered()) {
        throw new IllegalStateException("no answer was given");
      }
    } catch (ApiException refused) {
      fail(exchange, refused.error());
    } catch (ClientGoneException gone) {
      throw gone;
    } catch (IOException | RuntimeException | Error fault) {
      fail(exchange, Faults.error(exchange, fault));
    } finally {
      exchange.endWatch();
    }
  }

  private void handle(Exchange exchange) throws IOException {
    checkCoding(exchange);
    if (guard.arrived(exchange)) {
      return;
    }
    var match = router.find(exchange.method(), exchange.path());
    exchange.matched(match);
    var route = match.route();
    exchange.calledBy(guard.identify(exchange, route));
    // Health stays to be seen until the end.
    if (refuses && route.scope() != Scope.PUBLIC) {
      throw new ApiException(
          ApiError.of(503, ApiError.SERVER_ERROR, "shutting_down", "The server is shutting down.")
              .withRetryMillis(RESTART_MILLIS));
    }
    var leave = guard.enter(exchange, route);
    try {
      route.handler().handle(exchange);
    } finally {
      leave.run();
    }
  }

  /// Jetty takes any coding that ends in `chunked` for it; others may see another end of the body.
  private static void checkCoding(Exchange exchange) {
    var codings = exchange.headers("transfer-encoding");
    if (!codings.isEmpty()
        && (codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked"))) {
      exchange.header("connection", "close");
      throw new ApiException(
          ApiError.badRequest("bad_request", "The body may be chunked, and nothing else."));
    }
  }

  private void fail(Exchange exchange, ApiError error) {
    if (exchange.isAnswered()) {
      // Half an answer was sent: all that can be done is to break it off.
      throw new ClientGoneException(new ApiException(error));
    }
    if (error.status() == 405) {
      exchange.header("allow", router.allowed(exchange.path()));
    }
    exchange.fail(error);
  }

  private void observe(Exchange exchange) {
    try {
      observer.over(exchange);
    } catch (RuntimeException fault) {
      LOG.log(Level.ERROR, () -> "an observer failed: " + Faults.trace(fault));
    }
  }
}
