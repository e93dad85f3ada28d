package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import dev.educe.server.model.EngineCatalogue;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/// What clients say is in their answers and in their files, and nowhere else.
class PrivacyTest {
  private static final String CANARY = "canary1789";

  @TempDir private Path folder;

  /// Takes all that is logged, at any level.
  private static final class Log extends Handler implements AutoCloseable {
    private static final Logger JETTY = Logger.getLogger("org.eclipse.jetty");

    private final Logger logger = Logger.getLogger("");
    private final Level before = logger.getLevel();
    private final Level jettyBefore = JETTY.getLevel();
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    Log() {
      setLevel(Level.ALL);
      logger.setLevel(Level.ALL);
      JETTY.setLevel(Level.ALL); // as somebody would who looks for a fault
      logger.addHandler(this);
    }

    @Override
    public void publish(LogRecord line) {
      String name = line.getLoggerName();
      if (name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("sun.")) {
        return; // the client's
      }
      var thrown = new StringWriter();
      if (line.getThrown() != null) {
        line.getThrown().printStackTrace(new PrintWriter(thrown));
      }
      lines.add(line.getMessage() + " " + Arrays.toString(line.getParameters()) + " " + thrown);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      logger.removeHandler(this);
      logger.setLevel(before);
      JETTY.setLevel(jettyBefore);
    }
  }

  /// Each is refused by another part of the parser, which may say why.
  private static final List<String> HEADS =
      List.of(
          "GET /%s HTTP/1.1\nHost: %s",
          "%s / HTTP/1.1\nHost: localhost",
          "GET / %s\nHost: localhost",
          "GET / HTTP/1.1\nHost: %s %s",
          "GET / HTTP/1.1\nHost: localhost:%s",
          "GET / HTTP/1.1\nHost: [%s",
          "GET / HTTP/1.1\nHost: %s\nHost: other",
          "GET http://%s:%s@%s%%/ HTTP/1.1\nHost: localhost",
          "GET http://%s/ HTTP/1.1\nHost: other",
          "GET /%s%%zz HTTP/1.1\nHost: localhost",
          "GET /../%s HTTP/1.1\nHost: localhost",
          "GET /%s;%s?%s#%s HTTP/1.1\nHost: localhost",
          "GET / HTTP/1.1\n%s",
          "GET / HTTP/1.1\n%s : x\nHost: localhost",
          "GET / HTTP/1.1\nX\u0000%s: x\nHost: localhost",
          "GET / HTTP/1.1\nX: %s\u0001\nHost: localhost",
          "GET / HTTP/1.1\nHost: localhost\nCookie: %s=\"%s; $%s",
          "GET / HTTP/1.1\nHost: localhost\nConnection: Upgrade\nUpgrade: %s",
          "GET / HTTP/1.1\nHost: localhost\nExpect: %s",
          "POST /v1/completions HTTP/1.1\nHost: localhost\n%s",
          "POST /v1/completions HTTP/1.1\nHost: localhost\nContent-Length: %s",
          "POST /v1/completions HTTP/1.1\nHost: localhost\nContent-Length: 9\n\n%s%s",
          "POST /v1/completions HTTP/1.1\nHost: localhost\nContent-Type: %s\nContent-Length: 0",
          "POST /v1/completions HTTP/1.1\nHost: localhost\nTransfer-Encoding: %s",
          "POST /v1/models HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n1;%s\u0000",
          "POST /v1/completions HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked");

  private static List<String> bodies() {
    String message = "[{\"role\":\"user\",\"content\":\"say %s\",\"name\":\"%s\"}]";
    String chat = "{\"model\":\"letters\",\"messages\":" + message;
    return List.of(
        "/v1/completions {\"model\":\"letters\",\"prompt\":\"say %s\",\"user\":\"%s\"}",
        "/v1/completions {\"model\":\"letters\",\"prompt\":\"say x\",\"stop\":[\"%s\"]}",
        "/v1/completions {\"model\":\"%s\",\"prompt\":\"x\"}",
        "/v1/completions {\"model\":\"letters\",\"prompt\":\"fail %s\"}",
        "/v1/completions {\"model\":\"letters\",\"prompt\":\"full %s\"}",
        "/v1/completions {\"model\":\"letters\",\"%s\":\"%s",
        "/v1/completions {\"model\":\"letters\",\"prompt\":\"x\",\"%s\":1}",
        "/v1/chat/completions " + chat + ",\"metadata\":{\"%s\":\"%s\"}}",
        "/v1/chat/completions " + chat + ",\"stream\":true}",
        "/v1/chat/completions " + chat.replace("say", "refuse") + "}",
        "/v1/chat/completions "
            + chat
            + ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"%s\",\"description\":"
            + "\"%s\",\"parameters\":{\"properties\":{\"%s\":{\"const\":\"%s\"}}}}}]}",
        "/v1/chat/completions "
            + chat
            + ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
            + "{\"name\":\"n\",\"schema\":{\"not\":{\"const\":\"%s\"}}}}}",
        "/v1/responses {\"model\":\"letters\",\"input\":\"say %s\",\"instructions\":\"%s\"}",
        "/v1/responses {\"model\":\"letters\",\"input\":\"x\",\"previous_response_id\":\"%s\"}",
        "/v1/embeddings {\"model\":\"letters\",\"input\":\"%s\"}",
        "/v1/tokenize {\"model\":\"letters\",\"prompt\":\"%s\"}",
        "/v1/messages {\"model\":\"letters\",\"max_tokens\":3,\"system\":\"%s\",\"messages\":"
            + "[{\"role\":\"user\",\"content\":\"say %s\"}]}",
        "/api/chat {\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
        "/api/generate {\"model\":\"letters\",\"prompt\":\"%s\",\"options\":{\"num_predict\":3}}",
        "/api/embed {\"model\":\"letters\",\"input\":\"%s\"}",
        "/%s {}",
        "/v1/completions?key=%s {}");
  }

  @Test
  void nothingThatIsSaidIsLoggedOrCounted() throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    var created =
        ApiKey.create(
            "t",
            Set.of(Scope.INFERENCE, Scope.METRICS),
            Quota.NONE,
            Instant.now(),
            Optional.empty(),
            "");
    file.change(_ -> List.of(created.key()));
    String[] headers = {"authorization", "Bearer " + created.secret(), "user-agent", CANARY};
    try (var log = new Log();
        var served = new Served("keys=" + file.path(), "batches=" + folder.resolve("batches"))) {
      Logger.getLogger("dev.educe.server").log(Level.FINEST, "seen");
      for (String each : bodies()) {
        String[] parts = each.replace("%s", CANARY).split(" ", 2);
        served.post(parts[0], parts[1], headers);
      }
      for (String name :
          List.of(
              "origin",
              "referer",
              "cookie",
              "accept",
              "x-request-id",
              "traceparent",
              "x-" + CANARY,
              "anthropic-version",
              "openai-organization",
              "content-type",
              "range")) {
        served.get("/v1/models?" + CANARY + "=" + CANARY, name, CANARY);
        served.get("/v1/files/" + CANARY, "authorization", headers[1], name, CANARY);
      }
      BatchesTest.upload(served, "{\"custom_id\":\"" + CANARY + "\"}\n", headers);
      for (int i = 0; i < 3; i++) {
        served.get("/v1/models", "authorization", "Bearer sk-" + CANARY);
        served.get("/v1/models", "x-api-key", CANARY, "x-forwarded-for", CANARY);
      }
      for (String head : HEADS) {
        served.raw(head.replace("%s", CANARY).replace("\n", "\r\n") + "\r\n\r\n");
      }
      String chunked = HEADS.getLast() + "\nAuthorization: Bearer " + created.secret() + "\n\n%s";
      served.raw(chunked.replace("%s", CANARY).replace("\n", "\r\n"));
      served.model.held.release();
      String figures = served.get("/metrics", headers).body();
      assertTrue(figures.contains("educe_"), figures);
      assertFalse(figures.contains(CANARY), figures);
      Served.await(() -> served.log.size() > bodies().size());
      for (String line : served.log) {
        assertFalse(line.contains(CANARY) || line.contains(created.secret()), line);
      }
      assertTrue(
          log.lines.stream().anyMatch(line -> line.startsWith("seen ")), "nothing was listened to");
      for (String line : log.lines) {
        assertFalse(line.contains(CANARY) || line.contains(created.secret()), line);
      }
    }
  }

  /// Templates, grammars and the engine read what the fake model does not.
  @Test
  @EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
  void nothingThatIsSaidToAModelIsLoggedOrStaysInAThread() throws Exception {
    try (var log = new Log();
        var served =
            new Served(
                (config, _) -> new EngineCatalogue(config.models(), 0, Duration.ZERO),
                "models.letters.file="
                    + Path.of(System.getenv("EDUCE_TESTDATA"), "models", "stories260K.gguf"),
                "models.letters.chat-template=chatml",
                "models.letters.context=256")) {
      for (String each : bodies()) {
        String[] parts = each.replace("%s", CANARY).split(" ", 2);
        served.post(parts[0], parts[1]);
      }
      String body = "{\"model\":\"letters\",\"prompt\":\"%s\",\"max_tokens\":200,\"stream\":true}";
      try (var socket = served.asking(body.formatted(CANARY))) {
        assertTrue(socket.getInputStream().read() > 0);
        Path dump = folder.resolve("threads");
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
        String threads = Files.readString(dump);
        assertTrue(threads.contains("dev.educe.engine"), threads);
        assertFalse(threads.contains(CANARY));
      }
      Served.await(() -> served.server.underWay() == 0);
      assertTrue(served.log.size() > bodies().size());
      assertTrue(served.log.stream().noneMatch(line -> line.contains(CANARY)));
      assertFalse(log.lines.isEmpty());
      for (String line : log.lines) {
        assertFalse(line.contains(CANARY), line);
      }
    }
  }

  /// Bodies that go wrong in the middle of the server are not quoted by what went wrong.
  @Test
  void aFaultIsLoggedByItsKindsAlone() throws Exception {
    try (var log = new Log();
        var served = new Served()) {
      served.model.fault = Optional.of(new IllegalStateException(CANARY));
      var answer = served.post("/v1/completions", "{\"model\":\"letters\",\"prompt\":\"x\"}");
      assertEquals(500, answer.statusCode());
      assertFalse(answer.body().contains(CANARY) || answer.body().contains("Exception"));
      assertTrue(log.lines.stream().anyMatch(line -> line.contains("IllegalStateException")));
      assertTrue(log.lines.stream().noneMatch(line -> line.contains(CANARY)));
    }
  }

  @Test
  void whatIsKeptOnTheDiskIsForItsOwnerAlone() throws Exception {
    Path batches = folder.resolve("batches");
    try (var served = new Served("batches=" + batches, "access-log=" + folder.resolve("log"))) {
      String request =
          "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/completions\","
              + "\"body\":{\"model\":\"letters\",\"prompt\":\"hold\",\"max_tokens\":2}}\n";
      String file = BatchesTest.upload(served, request);
      served.post(
          "/v1/batches",
          "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"1h\"}"
              .formatted(file));
      Served.await(() -> served.model.underWay.get() == 1);
      try (var all = Files.walk(folder)) {
        for (Path path : all.filter(each -> !each.equals(folder)).toList()) {
          String wanted = Files.isDirectory(path) ? "rwx------" : "rw-------";
          String found = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
          assertEquals(wanted, found, path.toString());
        }
      }
      served.model.held.release();
    }
  }

  @Test
  void aFileThatIsDeletedIsGone() throws Exception {
    Path batches = folder.resolve("batches");
    try (var served = new Served("batches=" + batches)) {
      String file = BatchesTest.upload(served, "{\"custom_id\":\"" + CANARY + "\"}\n");
      assertEquals(200, served.send(served.request("/v1/files/" + file).DELETE()).statusCode());
    }
    try (var all = Files.walk(batches)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        String text = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        assertFalse(text.contains(CANARY), path.toString());
      }
    }
  }
}
