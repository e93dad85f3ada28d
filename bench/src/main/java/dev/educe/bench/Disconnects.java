package dev.educe.bench;

import java.io.IOException;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/// Clients who leave at any moment, and what they leave behind.
final class Disconnects {
  private static final int AT_ONCE = 64;
  private static final int TOKENS = 300;
  private static final int STAY_MILLIS_MAX = 60;
  private static final int TRIES = 20;

  private final ServedProcess server;
  private final int count;
  private final Random random;
  private final AtomicInteger failed = new AtomicInteger();

  Disconnects(ServedProcess server, int count, Random random) {
    this.server = server;
    this.count = count;
    this.random = random;
  }

  void run() throws IOException, InterruptedException {
    var places = new Semaphore(AT_ONCE);
    leave(50, AT_ONCE, places); // what is made once is made now
    awaitIdle(server);
    long bytes = server.bytes();
    double pages = pages();
    long start = System.nanoTime();
    leave(count, AT_ONCE, places);
    double seconds = (System.nanoTime() - start) / 1e9;
    double idle = awaitIdle(server);
    ServeCommand.print(
        "%,d clients left at random in %.1f s (%,d could not connect); all work had ended %.0f ms"
            + " later; pages %.0f before, %.0f after; memory %+.1f MiB",
        count, seconds, failed.get(), idle, pages, pages(), (server.bytes() - bytes) / 1048576.0);
    bytes = server.bytes();
    leave(count, AT_ONCE, places);
    awaitIdle(server);
    ServeCommand.print(
        "as many again: pages %.0f, memory %+.1f MiB",
        pages(), (server.bytes() - bytes) / 1048576.0);
    stopping();
  }

  /// Pages that are free or can be had again.
  private double pages() throws IOException {
    return server.gauge("educe_pages_free") + server.gauge("educe_pages_cached");
  }

  private void leave(int clients, int atOnce, Semaphore places) throws InterruptedException {
    for (int i = 0; i < clients; i++) {
      byte[] request = IdleStreams.request("left " + random.nextInt(), TOKENS);
      int sent = random.nextInt(4) == 0 ? random.nextInt(request.length) : request.length;
      long millis = random.nextInt(STAY_MILLIS_MAX);
      boolean isReset = random.nextBoolean();
      places.acquire();
      Thread.startVirtualThread(() -> {
        try (var socket = new Socket(server.base().getHost(), server.base().getPort())) {
          socket.getOutputStream().write(request, 0, sent);
          Thread.sleep(millis);
          socket.setSoLinger(isReset, 0);
        } catch (IOException _) {
          failed.incrementAndGet();
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
        } finally {
          places.release();
        }
      });
    }
    places.acquire(atOnce);
    places.release(atOnce);
  }

  /// How long one text goes on after its client has left, as far as the figures tell.
  private void stopping() throws IOException, InterruptedException {
    double[] millis = new double[TRIES];
    for (int i = 0; i < TRIES; i++) {
      try (var socket = new Socket(server.base().getHost(), server.base().getPort())) {
        socket.getOutputStream().write(IdleStreams.request("stop " + i, TOKENS));
        while (server.gauge("educe_requests_running") == 0) {
          Thread.sleep(1);
        }
      }
      millis[i] = awaitIdle(server);
    }
    var times = Series.of(millis);
    ServeCommand.print(
        "work ends %.0f ms after its client has left (%.0f to %.0f)",
        times.median(), times.least(), times.greatest());
  }

  /// Waits until nothing runs or waits.
  ///
  /// @return how long that took, in milliseconds
  /// @throws IOException if it takes a minute
  static double awaitIdle(ServedProcess server) throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (server.gauge("educe_requests_running") + server.gauge("educe_requests_waiting") > 0) {
      if (System.nanoTime() - start > 60_000_000_000L) {
        throw new IOException("work goes on a minute after its clients have left");
      }
      Thread.sleep(1);
    }
    return (System.nanoTime() - start) / 1e6;
  }
}
