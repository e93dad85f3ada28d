package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.Connection.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Forms that no honest client sends, for files.
class FormsTest {
  private static final String TYPE = "multipart/form-data; boundary=b";
  private static final String PURPOSE =
      "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n";

  @TempDir private Path folder;
  private Served served;
  private Connection connection;

  @BeforeEach
  void start() throws IOException {
    served = new Served("batches=" + folder.resolve("batches"));
    connection = new Connection(served);
  }

  @AfterEach
  void stop() throws IOException {
    connection.close();
    served.close();
  }

  private static String file(String disposition, String content) {
    return "--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
        .formatted(disposition, content);
  }

  private Answer send(String type, String form) throws IOException {
    return connection.send("POST", "/v1/files", type, form.getBytes(StandardCharsets.UTF_8));
  }

  private void refused(String type, String form) throws IOException {
    var answer = send(type, form);
    String start = form.substring(0, Math.min(200, form.length()));
    assertTrue(Set.of(400, 413, 415).contains(answer.status()), type + " " + start + answer);
    assertTrue(json(answer.body()).at("/error/message").isString(), answer.body());
  }

  private List<Path> kept() throws IOException {
    try (var files = Files.list(folder.resolve("batches").resolve("files"))) {
      return files.toList();
    }
  }

  @Test
  void whatIsNoFormIsRefusedAndLeavesNothing() throws Exception {
    String good = PURPOSE + file("name=\"file\"; filename=\"f\"", "x") + "--b--\r\n";
    for (String type :
        List.of(
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=other",
            "multipart/form-data; boundary=" + "b".repeat(1_024),
            "multipart/form-data; boundary=\"\"",
            "multipart/mixed; boundary=b",
            "application/json",
            "text/plain; boundary=b")) {
      refused(type, good);
    }
    for (String form :
        List.of(
            "",
            "--b",
            "--b--",
            "--b\r\n",
            PURPOSE,
            PURPOSE + "--b--",
            good.replace("--b--", ""),
            good.replace("\r\n", "\n"),
            good.replace("; name=\"file\"", ""),
            good.replace("name=\"file\"", "name=\"\""),
            good.replace("name=\"file\"", "name=\"" + "n".repeat(100) + "\""),
            good.replace("name=\"purpose\"", "name=\"other\""),
            good.replace("batch", "b".repeat(2_000)),
            good.replace("batch", "\u0000"),
            PURPOSE + good,
            PURPOSE + file("name=\"file\"; filename=\"a\u0000" + "b".repeat(9_000) + "\"", "x"),
            PURPOSE + file("name=\"file\"\r\nX: " + "y".repeat(9_000), "x") + "--b--",
            file("name=\"f%d\"", "").repeat(100_000) + "--b--",
            "--b\r\n\r\n".repeat(100_000))) {
      refused(TYPE, form);
    }
    Served.await(() -> served.server.underWay() == 0); // drafts go after the answer
    assertEquals(List.of(), kept());
    assertEquals(200, send(TYPE, good).status());
    Served.await(() -> served.server.underWay() == 0);
    assertEquals(1, kept().size());
  }

  @Test
  void aNameOfAFileIsATextAndNoPlace() throws Exception {
    for (String name :
        List.of(
            "../../x",
            "..\\..\\x",
            "/etc/passwd",
            "C:\\x",
            "a\u0000b",
            "CON",
            ".",
            "..",
            "",
            "x".repeat(255),
            "<script>",
            "é𝄞\u202e")) {
      var answer =
          send(TYPE, PURPOSE + file("name=\"file\"; filename=\"" + name + "\"", "x") + "--b--");
      assertEquals(200, answer.status(), answer.body());
      var stored = json(answer.body());
      assertEquals(name, stored.get("filename").stringValue());
      assertTrue(
          kept().contains(folder.resolve("batches/files/" + stored.get("id").stringValue())));
    }
    try (var beside = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("batches")), beside.toList());
    }
    Served.await(() -> served.server.underWay() == 0); // drafts go after the answer
    assertEquals(12, kept().size());
  }

  /// A form within a form is bytes like any other.
  @Test
  void whatIsInAFileIsNotLookedInto() throws IOException {
    String inner = "--c\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nx\r\n--c--\r\n";
    var answer =
        send(TYPE, PURPOSE + file("name=\"file\"; filename=\"f\"", inner + "\r\n-- b") + "--b--");
    assertEquals(200, answer.status(), answer.body());
    String id = json(answer.body()).get("id").stringValue();
    assertEquals(inner + "\r\n-- b", Files.readString(folder.resolve("batches/files/" + id)));
  }

  @Test
  void aFormThatIsTooLongIsRefusedBeforeItIsRead() throws Exception {
    String head = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + TYPE + "\r\n";
    String answer = served.raw(head + "Content-Length: 5368709120\r\n\r\n" + PURPOSE);
    assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    Served.await(() -> served.server.underWay() == 0);
    assertEquals(List.of(), kept());
  }

  @Test
  void aFormThatBreaksOffLeavesNothing() throws Exception {
    try (var socket = served.socket()) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      + TYPE
                      + "\r\nContent-Length: 1000\r\n\r\n"
                      + PURPOSE)
                  .getBytes(StandardCharsets.US_ASCII));
      Served.await(() -> served.server.underWay() == 1);
    }
    Served.await(() -> served.server.underWay() == 0);
    assertEquals(List.of(), kept());
  }
}
