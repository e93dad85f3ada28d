package dev.educe.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// A request that this process makes of one of its own routes: the same handlers give the same
/// answers as over HTTP, without a connection, a key or a quota.
///
/// @param caller for whom
/// @param body JSON
/// @param priority below 0 for what can wait
/// @param isGivenUp whether nobody wants the answer any more
public record InnerCall(Caller caller, byte[] body, int priority, BooleanSupplier isGivenUp) {
  /// What was answered.
  ///
  /// @param requestId names the request
  /// @param retryMillis after how long another try may succeed, if one ever will
  public record Answer(int status, String requestId, String body, Optional<Long> retryMillis) {}

  /// Makes the request, and waits for its answer.
  ///
  /// @throws ClientGoneException if it was given up
  public Answer to(Route route) {
    var wire = new Inner(route, body, isGivenUp);
    var exchange = new Exchange(wire, priority);
    exchange.matched(new Router.Match(route, List.of()));
    exchange.calledBy(caller);
    try {
      route.handler().handle(exchange);
    } catch (ApiException refused) {
      return failed(exchange, refused.error());
    } catch (ClientGoneException gone) {
      throw gone;
    } catch (IOException | RuntimeException | Error fault) {
      return failed(exchange, Faults.error(exchange, fault));
    } finally {
      exchange.endWatch();
    }
    return new Answer(
        wire.status, exchange.id(), wire.out.toString(StandardCharsets.UTF_8), Optional.empty());
  }

  private static Answer failed(Exchange exchange, ApiError error) {
    return new Answer(error.status(), exchange.id(), error.body(), error.retryMillis());
  }

  /// Nothing but a body and an answer.
  private static final class Inner implements Wire {
    private final Route route;
    private final byte[] body;
    private final BooleanSupplier isGivenUp;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final long startNanos = System.nanoTime();
    private int status;

    Inner(Route route, byte[] body, BooleanSupplier isGivenUp) {
      this.route = route;
      this.body = body;
      this.isGivenUp = isGivenUp;
    }

    @Override
    public String method() {
      return route.method();
    }

    @Override
    public String path() {
      return route.path();
    }

    @Override
    public Optional<String> query() {
      return Optional.empty();
    }

    @Override
    public List<String> headers(String name) {
      return List.of();
    }

    @Override
    public long startNanos() {
      return startNanos;
    }

    @Override
    public String source() {
      return "";
    }

    @Override
    public void body(String mediaType, int bytesMax, OutputStream to) throws IOException {
      if (body.length > bytesMax) {
        throw BodyReader.tooLong(bytesMax);
      }
      to.write(body);
    }

    @Override
    public void header(String name, String value) {
      // Nobody reads them.
    }

    @Override
    public void status(int status) {
      this.status = status;
    }

    @Override
    public int status() {
      return status;
    }

    @Override
    public void write(boolean isLast, ByteBuffer bytes) {
      out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    }

    @Override
    public boolean isGone() {
      return isGivenUp.getAsBoolean();
    }
  }
}
