package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server that is killed while it works on a batch: after all restarts, every line has exactly
/// one answer. And a file that is answered without a server.
class BatchKillTest {
  @TempDir private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void everyLineIsAnsweredOnceThroughAFewKills() throws Exception {
    run(60, 3);
  }

  @Test
  @Tag("slow")
  void everyLineIsAnsweredOnceThroughTwentyKills() throws Exception {
    run(1_000, 20);
  }

  private static Path model() {
    String data = System.getenv("EDUCE_TESTDATA");
    assumeTrue(data != null, "EDUCE_TESTDATA is unset");
    return Path.of(data, "models", "stories260K.gguf");
  }

  private static String lines(int count) {
    var lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      lines
          .append("{\"custom_id\":\"%d\",\"method\":\"POST\",".formatted(i))
          .append("\"url\":\"/v1/completions\",\"body\":{\"model\":\"m\",\"max_tokens\":20,")
          .append("\"prompt\":\"Once upon a time there were %d\"}}\n".formatted(i));
    }
    return lines.toString();
  }

  private void run(int count, int kills) throws Exception {
    var model = model();
    String batch = "";
    for (int kill = 0; kill <= kills; kill++) {
      var process = start(model);
      try {
        var base = base(process);
        if (kill == 0) {
          batch = create(base, lines(count));
        }
        // At other places of the way each time; at last, to the end.
        int wanted = kill == kills ? count : count * (kill + 1) / (kills + 2);
        JsonNode now = get(base, "/v1/batches/" + batch);
        while (answered(now) < wanted || kill == kills && !is(now, "completed")) {
          assertTrue(process.isAlive(), "the server ended");
          assertTrue(is(now, "validating", "in_progress", "finalizing"), now.toString());
          Thread.sleep(2);
          now = get(base, "/v1/batches/" + batch);
        }
        if (kill == kills) {
          check(base, now, count);
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static int answered(JsonNode batch) {
    var counts = batch.get("request_counts");
    return counts.get("completed").intValue() + counts.get("failed").intValue();
  }

  private static boolean is(JsonNode batch, String... statuses) {
    return List.of(statuses).contains(batch.get("status").stringValue());
  }

  private void check(URI base, JsonNode batch, int count) throws Exception {
    assertEquals(count, batch.at("/request_counts/completed").intValue(), batch.toString());
    var file = base.resolve("/v1/files/" + batch.get("output_file_id").stringValue() + "/content");
    var output = client.send(HttpRequest.newBuilder(file).build(), BodyHandlers.ofString()).body();
    var ids = new TreeSet<Integer>();
    for (String line : output.lines().toList()) {
      var node = JsonMapper.shared().readTree(line);
      assertTrue(ids.add(Integer.valueOf(node.get("custom_id").stringValue())), line);
    }
    assertEquals(count, ids.size());
    try (var files = Files.list(folder.resolve("batches/files"))) {
      assertEquals(2, files.count(), "files that nobody knows of were left");
    }
  }

  private Process start(Path model) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.educe.cli.Main",
            "serve",
            "m=" + model,
            "--port",
            "0",
            "--set",
            "models.m.threads=1",
            "--set",
            "batches=" + folder.resolve("batches"))
        .redirectError(folder.resolve("errors").toFile())
        .start();
  }

  private URI base(Process process) throws IOException {
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    assertTrue(line != null && line.contains(" at "), () -> read(folder.resolve("errors")));
    return URI.create(line.substring(line.indexOf(" at ") + 4));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private String create(URI base, String lines) throws Exception {
    String form =
        "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"file\"; filename=\"in\"\r\n\r\n"
            + lines
            + "\r\n--b--\r\n";
    var file = post(base, "/v1/files", "multipart/form-data; boundary=b", form);
    var batch =
        post(
            base,
            "/v1/batches",
            "application/json",
            "{\"input_file_id\":%s,\"endpoint\":\"/v1/completions\",".formatted(file.get("id"))
                + "\"completion_window\":\"24h\"}");
    return batch.get("id").stringValue();
  }

  private JsonNode post(URI base, String path, String type, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(base.resolve(path))
            .header("content-type", type)
            .POST(BodyPublishers.ofString(body)));
  }

  private JsonNode get(URI base, String path) throws Exception {
    return send(HttpRequest.newBuilder(base.resolve(path)));
  }

  private JsonNode send(HttpRequest.Builder request) throws Exception {
    var response = client.send(request.build(), BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), response.body());
    return JsonMapper.shared().readTree(response.body());
  }

  @Test
  void aFileIsAnsweredFromTheCommandLineAndGoneOnWith() throws Exception {
    var model = model();
    Path in = Files.writeString(folder.resolve("in.jsonl"), lines(5));
    Path out = folder.resolve("out.jsonl");
    String[] command = {"batch", in.toString(), "-o", out.toString(), model.toString()};
    var ran = Ran.educe(command);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.err().contains("5 lines are answered, of which 0 were before"), ran.err());
    var lines = Files.readAllLines(out);
    assertEquals(5, lines.size());
    Files.writeString(out, lines.get(0) + "\n" + lines.get(1).substring(0, 30));
    ran = Ran.educe(command);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.err().contains("of which 1 were before and 0 have"), ran.err());
    assertEquals(5, Files.readAllLines(out).size());
    ran = Ran.educe("batch", model.toString(), "-o", out.toString(), model.toString());
    assertEquals(ExitCode.FAILED, ran.code());
    assertTrue(ran.err().contains(", line 1: "), ran.err());
  }
}
