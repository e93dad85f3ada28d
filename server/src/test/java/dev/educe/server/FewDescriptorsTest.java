package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process that may have next to no files and connections open: who has come is served, who comes
/// then waits for a place, and nothing has to be started anew.
class FewDescriptorsTest {
  private static final int MORE = 20; // than are open when it has started
  private static final int CROWD = 100;
  private static final byte[] REQUEST =
      "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  @TempDir private Path folder;

  /// What the process runs.
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
      try (var served = new Served("access-log=off")) {
        System.out.println(served.server.uri().getPort());
        System.in.read();
      }
    }
  }

  @Test
  @Timeout(60)
  void connectionsBeyondTheProcessLimitWait() throws Exception {
    Child.assumeLimits();
    Path errors = folder.resolve("errors");
    var process =
        Child.java("--add-modules=jdk.incubator.vector", Main.class)
            .redirectError(errors.toFile())
            .start();
    try (var out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      int port = Integer.parseInt(out.readLine());
      try (var first = new Socket("127.0.0.1", port)) {
        assertEquals(200, ask(first)); // whose classes and files are there from now on
        limit(process);
        var crowd = new ArrayList<Socket>();
        for (int i = 0; i < CROWD; i++) {
          crowd.add(new Socket("127.0.0.1", port));
          crowd.getLast().getOutputStream().write(REQUEST);
        }
        for (int i = 0; i < 4; i++) {
          assertEquals(200, ask(first));
          Thread.sleep(300); // meanwhile more is tried in vain
        }
        // Each answered one gives its place to the next.
        for (Socket socket : crowd) {
          assertEquals(200, read(socket));
          socket.close();
        }
        assertEquals(200, ask(first));
      }
      try (var later = new Socket("127.0.0.1", port)) {
        assertEquals(200, ask(later));
      }
      String log = Files.readString(errors);
      assertEquals(1, log.split("file descriptors", -1).length - 1, log);
      assertTrue(!log.contains("\tat "), log);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static void limit(Process process) throws Exception {
    long open;
    try (var files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      open = files.count();
    }
    Child.limit(process.pid(), "--nofile=" + (open + MORE) + ":");
  }

  private static int ask(Socket socket) throws Exception {
    socket.getOutputStream().write(REQUEST);
    return read(socket);
  }

  private static int read(Socket socket) throws Exception {
    var answer = new StringBuilder();
    while (!answer.toString().endsWith("}")) {
      int c = socket.getInputStream().read();
      assertTrue(c >= 0, "closed after " + answer);
      answer.append((char) c);
    }
    return Integer.parseInt(answer.substring(9, 12));
  }
}
