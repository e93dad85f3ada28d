package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Handlers wait on virtual threads without holding on to the thread that carries them.
@Timeout(60)
class PinnedThreadsTest {
  private static final Duration LONG = Duration.ofMillis(20);
  private static final int CLIENTS = 12;

  @TempDir private Path folder;

  /// What a virtual thread runs in here, it runs pinned.
  private static final class Pinned {
    static {
      try {
        Thread.sleep(3 * LONG.toMillis());
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private Pinned() {}
  }

  @FunctionalInterface
  private interface Code {
    void run() throws Exception;
  }

  private List<RecordedEvent> pinned(Code code) throws Exception {
    Path file = folder.resolve("recording");
    try (var recording = new Recording()) {
      recording.enable("jdk.VirtualThreadPinned").withThreshold(LONG);
      recording.start();
      code.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file);
  }

  @Test
  void nothingIsPinnedWhileStreamsAreWritten() throws Exception {
    try (var served = new Served("batches=" + folder.resolve("batches"))) {
      crowd(served); // classes are initialized on the threads that meet them first
      var events = pinned(() -> crowd(served));
      assertTrue(events.isEmpty(), events.toString());
    }
  }

  @Test
  void whatIsPinnedIsSeen() throws Exception {
    var events = pinned(() -> Thread.ofVirtual().start(Pinned::new).join());
    assertFalse(events.isEmpty());
  }

  /// Streams, answers in one piece, uploads, wrong bodies, and clients that leave or do not read.
  private static void crowd(Served served) throws Exception {
    var clients = new ArrayList<Future<?>>();
    var lazy = new ArrayList<Socket>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CLIENTS; i++) {
        lazy.add(served.asking(body("forever", true)));
        boolean stream = i % 2 == 0;
        clients.add(
            threads.submit(() -> {
              for (int j = 0; j < 3; j++) {
                assertEquals(
                    200, served.post("/v1/completions", body("say x", stream)).statusCode());
                assertEquals(400, served.post("/v1/completions", "{").statusCode());
                BatchesTest.upload(served, "no requests\n");
              }
              return null;
            }));
      }
    }
    for (var each : clients) {
      each.get();
    }
    for (Socket socket : lazy) {
      socket.close();
    }
    Served.await(() -> served.server.underWay() == 0);
  }

  private static String body(String prompt, boolean stream) {
    return "{\"model\":\"letters\",\"prompt\":\"%s\",\"stream\":%b,\"max_tokens\":20}"
        .formatted(prompt, stream);
  }
}
