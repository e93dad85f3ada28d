package dev.educe.server.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/// Listens for HTTP/1.1 and has each request handled on a virtual thread of its own.
public final class HttpServer implements AutoCloseable {
  // What the operating system holds for us while we are busy: bursts of connections wait there. It
  // has a limit of its own, commonly as much; beyond it, clients try again after a second.
  private static final int BACKLOG = 4_096;

  private final Server server;
  private final ServerConnector connector;
  private final Front front;
  private final SlowHeads slowHeads;
  private final boolean isSecure;

  /// Starts to listen.
  ///
  /// @throws IOException if it cannot
  public HttpServer(HttpOptions options, List<Route> routes, Guard guard, Observer observer)
      throws IOException {
    JettyLog.hold();
    server = new Server(threads());
    isSecure = options.tls().isPresent();
    connector = connector(options);
    connector.setHost(options.host());
    connector.setPort(options.port());
    connector.setAcceptQueueSize(BACKLOG);
    connector.setIdleTimeout(options.idleTime().toMillis());
    server.addConnector(connector);
    connector.addBean(new NetworkConnectionLimit(options.connectionsMax(), connector));
    slowHeads = new SlowHeads(options.headTime());
    connector.addBean(slowHeads);
    front = new Front(routes, guard, observer, new BodyReader(options.bodyTime()), slowHeads);
    server.setHandler(front);
    server.setErrorHandler(new ErrorPages());
    start();
  }

  /// Who accepts and selects waits in the kernel, on a thread of the operating system: a virtual
  /// one would be woken by others that wait for it. Requests have virtual ones without a limit,
  /// since how many run at once is decided where they can be refused.
  private static QueuedThreadPool threads() {
    var threads = new QueuedThreadPool();
    threads.setName("educe-http");
    threads.setDaemon(true);
    threads.setReservedThreads(0);
    threads.setVirtualThreadsExecutor(Thread::startVirtualThread);
    return threads;
  }

  private ServerConnector connector(HttpOptions options) {
    var http = new HttpConnectionFactory(configuration(options));
    if (options.tls().isEmpty()) {
      return new Door(server, http);
    }
    var context = new SslContextFactory.Server();
    context.setSslContext(options.tls().get());
    context.setIncludeProtocols("TLSv1.3", "TLSv1.2");
    return new Door(server, new SslConnectionFactory(context, http.getProtocol()), http);
  }

  private static HttpConfiguration configuration(HttpOptions options) {
    var configuration = new HttpConfiguration();
    configuration.setRequestHeaderSize(options.headerBytesMax());
    configuration.setSendServerVersion(false);
    configuration.setSendXPoweredBy(false);
    configuration.setHttpCompliance(HttpCompliance.STRICT);
    // A name with a slash comes as %2F. It decides nothing: segments are told apart before they are
    // decoded.
    configuration.setUriCompliance(
        UriCompliance.DEFAULT.with("educe", UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR));
    if (options.tls().isPresent()) {
      configuration.addCustomizer(new SecureRequestCustomizer(false));
    }
    return configuration;
  }

  private void start() throws IOException {
    try {
      server.start();
    } catch (IOException e) {
      stop();
      throw e;
    } catch (Exception e) {
      stop();
      throw new IOException(e.getMessage(), e);
    }
  }

  /// The table of routes.
  public List<Route> routes() {
    return front.routes();
  }

  /// The port that is listened on.
  public int port() {
    return connector.getLocalPort();
  }

  /// Where this server is to be found.
  public URI uri() {
    String host = connector.getHost();
    boolean isAny = host == null || host.equals("0.0.0.0") || host.equals("::");
    String name = isAny ? InetAddress.getLoopbackAddress().getHostAddress() : host;
    String literal = name.contains(":") ? "[" + name + "]" : name;
    return URI.create((isSecure ? "https" : "http") + "://" + literal + ":" + port());
  }

  /// How many requests are being handled.
  public int underWay() {
    return front.underWay();
  }

  /// Refuses new requests from now on, and waits for those under way.
  ///
  /// @return whether all of them have ended in time
  public boolean drain(Duration time) throws InterruptedException {
    front.refuse();
    long deadline = System.nanoTime() + time.toNanos();
    while (front.underWay() > 0 && System.nanoTime() - deadline < 0) {
      Thread.sleep(10);
    }
    return front.underWay() == 0;
  }

  /// Closes all connections.
  @Override
  public void close() {
    stop();
  }

  private void stop() {
    slowHeads.close();
    try {
      server.stop();
    } catch (Exception e) {
      System.getLogger(HttpServer.class.getName())
          .log(System.Logger.Level.WARNING, "the server did not stop cleanly", e);
    }
  }
}
