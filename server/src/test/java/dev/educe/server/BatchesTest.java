package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.batch.BatchFile;
import dev.educe.server.batch.Batches;
import dev.educe.server.batch.Ledger;
import dev.educe.server.batch.Stored;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/// Files and batches, from the upload to the answers, through restarts, errors and ends.
class BatchesTest {
  @TempDir private Path folder;

  private Served served(String... more) throws IOException {
    var settings = new ArrayList<>(List.of("batches=" + folder.resolve("batches")));
    settings.addAll(List.of(more));
    return new Served(settings.toArray(String[]::new));
  }

  /// Uploads a file.
  ///
  /// @return its id
  static String upload(Served served, String lines, String... headers) throws Exception {
    String form =
        "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n"
            + lines
            + "\r\n--b--\r\n";
    var response =
        served.send(
            served
                .request("/v1/files", headers)
                .header("content-type", "multipart/form-data; boundary=b")
                .POST(BodyPublishers.ofString(form)));
    assertEquals(200, response.statusCode(), response.body());
    var file = json(response.body());
    assertEquals(lines.getBytes().length, file.get("bytes").intValue());
    return file.get("id").stringValue();
  }

  private static String line(String id, String prompt) {
    return "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"/v1/completions\",".formatted(id)
        + "\"body\":{\"model\":\"letters\",\"prompt\":\"%s\",\"max_tokens\":3}}\n"
            .formatted(prompt);
  }

  private static String create(Served served, String file, String url, String... headers)
      throws Exception {
    var response =
        served.post(
            "/v1/batches",
            "{\"input_file_id\":\"%s\",\"endpoint\":\"%s\",\"completion_window\":\"24h\","
                    .formatted(file, url)
                + "\"metadata\":{\"k\":\"v\"}}",
            headers);
    assertEquals(200, response.statusCode(), response.body());
    return json(response.body()).get("id").stringValue();
  }

  private static JsonNode batch(Served served, String id) {
    try {
      return json(served.get("/v1/batches/" + id).body());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode ended(Served served, String id, String status) throws Exception {
    Served.await(() -> batch(served, id).get("status").stringValue().equals(status));
    return batch(served, id);
  }

  private static Map<String, JsonNode> lines(Served served, JsonNode file) throws Exception {
    String text = served.get("/v1/files/" + file.stringValue() + "/content").body();
    var lines = new HashMap<String, JsonNode>();
    for (String line : text.lines().toList()) {
      var node = json(line);
      var before = lines.put(node.get("custom_id").stringValue(), node);
      assertEquals(null, before, "answered twice: " + line);
    }
    return lines;
  }

  @Test
  void linesAreAnsweredAndThoseThatCannotBeSayWhy() throws Exception {
    try (var served = served()) {
      String stream = line("s", "x").replace("3}}", "3,\"stream\":true}}");
      String model = line("m", "x").replace("letters", "other");
      String file =
          upload(
              served,
              line("a", "say yes")
                  + line("b", "x")
                  + "\n"
                  + stream
                  + model
                  + line("f", "fail").replace("\n", ""));
      String id = create(served, file, "/v1/completions");
      var batch = ended(served, id, "completed");
      assertEquals("{\"total\":5,\"completed\":2,\"failed\":3}", batch.get("request_counts") + "");
      assertEquals("v", batch.at("/metadata/k").stringValue());
      assertTrue(batch.get("completed_at").isNumber() && batch.get("errors").isNull());
      var good = lines(served, batch.get("output_file_id"));
      assertEquals(Set.of("a", "b"), good.keySet());
      assertEquals("yes", good.get("a").at("/response/body/choices/0/text").stringValue());
      assertEquals(200, good.get("b").at("/response/status_code").intValue());
      assertTrue(good.get("b").get("error").isNull());
      var bad = lines(served, batch.get("error_file_id"));
      assertEquals(Set.of("s", "m", "f"), bad.keySet());
      assertEquals("stream", bad.get("s").at("/response/body/error/param").stringValue());
      assertEquals(404, bad.get("m").at("/response/status_code").intValue());
      assertEquals(500, bad.get("f").at("/response/status_code").intValue());
      var list = json(served.get("/v1/files?purpose=batch_output").body());
      assertEquals(2, list.get("data").size());
    }
  }

  @Test
  void everyEndpointAnswersInBatches() throws Exception {
    try (var served = served()) {
      var bodies =
          Map.of(
              "/v1/chat/completions",
              "\"messages\":[{\"role\":\"user\",\"content\":\"say hi\"}]",
              "/v1/responses",
              "\"input\":\"say hi\"",
              "/v1/embeddings",
              "\"input\":[\"a\",\"bc\"]");
      for (var each : bodies.entrySet()) {
        String lines =
            "{\"custom_id\":\"1\",\"method\":\"POST\",\"url\":\"%s\",".formatted(each.getKey())
                + "\"body\":{\"model\":\"letters\",%s}}".formatted(each.getValue());
        String id = create(served, upload(served, lines), each.getKey());
        var batch = ended(served, id, "completed");
        assertEquals(1, batch.at("/request_counts/completed").intValue(), each.getKey());
        assertTrue(batch.get("error_file_id").isNull());
      }
    }
  }

  @Test
  void aFileThatIsNoneOfRequestsFailsWithItsLines() throws Exception {
    try (var served = served()) {
      String lines =
          line("a", "x")
              + "{\n"
              + line("a", "x")
              + line("c", "x").replace("completions", "models")
              + line("", "x")
              + "{\"custom_id\":\"d\"}\n";
      String id = create(served, upload(served, lines), "/v1/completions");
      var errors = ended(served, id, "failed").at("/errors/data");
      var places = new ArrayList<String>();
      errors.forEach(error ->
          places.add(error.get("line").intValue() + " " + error.get("code").stringValue()));
      assertEquals(
          List.of(
              "2 invalid_json",
              "3 duplicate_custom_id",
              "4 invalid_value",
              "5 invalid_value",
              "6 missing_required_parameter"),
          places);
      String empty = create(served, upload(served, "\n \n"), "/v1/completions");
      assertEquals(
          "empty_file", ended(served, empty, "failed").at("/errors/data/0/code").stringValue());
    }
  }

  @Test
  void aBatchGoesOnWhereAnotherProcessEnded() throws Exception {
    String id;
    try (var served = served("batch-lines=1")) {
      String file = upload(served, line("a", "x") + line("b", "hold") + line("c", "x"));
      id = create(served, file, "/v1/completions");
      Served.await(() -> batch(served, id).at("/request_counts/completed").intValue() == 1);
      assertEquals(
          400,
          served.send(served.request("/v1/files/" + file).DELETE()).statusCode(),
          "the file is in use");
    }
    try (var served = served("batch-lines=1")) {
      assertEquals(1, batch(served, id).at("/request_counts/completed").intValue());
      Served.await(() -> served.model.underWay.get() == 1);
      served.model.held.release();
      var batch = ended(served, id, "completed");
      assertEquals(3, lines(served, batch.get("output_file_id")).size());
      assertEquals(3, batch.at("/request_counts/completed").intValue());
    }
    try (var answers = Files.list(folder.resolve("batches/answers"))) {
      assertEquals(0, answers.count(), "what is in the files need not be kept twice");
    }
  }

  @Test
  void aCancelledBatchKeepsWhatItHas() throws Exception {
    try (var served = served("batch-lines=1")) {
      String file = upload(served, line("a", "x") + line("b", "hold") + line("c", "x"));
      String id = create(served, file, "/v1/completions");
      Served.await(() -> batch(served, id).at("/request_counts/completed").intValue() == 1);
      var cancel = served.request("/v1/batches/" + id + "/cancel").POST(BodyPublishers.noBody());
      var cancelling = json(served.send(cancel).body());
      assertTrue(cancelling.get("cancelling_at").isNumber(), cancelling.toString());
      var batch = ended(served, id, "cancelled");
      assertEquals(Set.of("a"), lines(served, batch.get("output_file_id")).keySet());
      var rest = lines(served, batch.get("error_file_id"));
      assertEquals(Set.of("b", "c"), rest.keySet());
      assertEquals("batch_cancelled", rest.get("b").at("/error/code").stringValue());
      assertEquals(200, served.send(cancel).statusCode());
      Served.await(() -> served.model.underWay.get() == 0);
      String done = create(served, upload(served, line("a", "x")), "/v1/completions");
      ended(served, done, "completed");
      var late = served.request("/v1/batches/" + done + "/cancel").POST(BodyPublishers.noBody());
      assertEquals(400, served.send(late).statusCode());
      var page = json(served.get("/v1/batches?limit=1").body());
      assertEquals(done, page.at("/data/0/id").stringValue());
      assertTrue(page.get("has_more").booleanValue());
      page = json(served.get("/v1/batches?limit=1&after=" + done).body());
      assertEquals(id, page.at("/data/0/id").stringValue());
      assertFalse(page.get("has_more").booleanValue());
    }
  }

  @Test
  void tenantsDoNotSeeEachOther() throws Exception {
    var keys = new KeyFile(folder.resolve("keys.json"));
    var secrets = new ArrayList<String>();
    for (String tenant : List.of("one", "two")) {
      var created =
          ApiKey.create(
              tenant, Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), Optional.empty(), "");
      keys.change(all -> {
        var more = new ArrayList<>(all);
        more.add(created.key());
        return more;
      });
      secrets.add("Bearer " + created.secret());
    }
    String[] one = {"authorization", secrets.get(0)};
    String[] two = {"authorization", secrets.get(1)};
    try (var served = served("keys=" + keys.path())) {
      String file = upload(served, line("a", "x"), one);
      String id = create(served, file, "/v1/completions", one);
      assertEquals(200, served.get("/v1/batches/" + id, one).statusCode());
      assertEquals(404, served.get("/v1/batches/" + id, two).statusCode());
      assertEquals(404, served.get("/v1/files/" + file, two).statusCode());
      assertEquals(404, served.get("/v1/files/" + file + "/content", two).statusCode());
      assertEquals(0, json(served.get("/v1/files", two).body()).get("data").size());
      assertEquals(0, json(served.get("/v1/batches", two).body()).get("data").size());
      String theirs =
          "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/completions\",".formatted(file)
              + "\"completion_window\":\"1h\"}";
      assertEquals(400, served.post("/v1/batches", theirs, two).statusCode());
    }
  }

  @Test
  void withoutAFolderTheSettingIsNamed() throws Exception {
    try (var served = new Served()) {
      var response = served.get("/v1/files");
      assertEquals(400, response.statusCode());
      assertTrue(response.body().contains("setting 'batches'"), response.body());
    }
  }

  /// Retries while the server is busy, and ends when the time is over, on a clock of the test's.
  @Test
  void whatIsNotAnsweredInTimeExpires() throws Exception {
    var now = new AtomicReference<>(Instant.ofEpochSecond(1_000));
    var held = new Semaphore(1);
    var seen = ConcurrentHashMap.<Integer>newKeySet();
    var route =
        Route.post(
            "/v1/completions",
            Scope.INFERENCE,
            exchange -> {
              seen.add(exchange.priority());
              if (!held.tryAcquire()) {
                throw new ApiException(
                    ApiError.of(429, "rate_limit_error", "queue_full", "Full.").withRetryMillis(5));
              }
              exchange.answer(Map.of("k", 1));
            });
    try (var batches = new Batches(folder.resolve("expiring"), List.of(route), 2, now::get)) {
      var ledger = batches.ledger();
      var draft = Files.writeString(ledger.draft(), line("a", "x") + line("b", "x"));
      var file = batches.upload("t", draft, "n", Files.size(draft));
      var batch =
          batches.create(file, "/v1/completions", "1h", Duration.ofHours(1), NullNode.instance);
      Served.await(() -> status(ledger, batch).at("/request_counts/completed").intValue() == 1);
      now.set(Instant.ofEpochSecond(1_000 + 3_599));
      Thread.sleep(100);
      assertEquals("in_progress", status(ledger, batch).get("status").stringValue());
      now.set(Instant.ofEpochSecond(1_000 + 3_600));
      Served.await(() -> status(ledger, batch).get("status").stringValue().equals("expired"));
      var over = status(ledger, batch);
      assertEquals(4_600, over.get("expired_at").intValue());
      assertEquals("{\"total\":2,\"completed\":1,\"failed\":1}", over.get("request_counts") + "");
      var rest = Files.readString(ledger.content(over.get("error_file_id").stringValue()));
      assertEquals("batch_expired", json(rest).at("/error/code").stringValue());
      assertEquals(Set.of(-1), seen);
    }
  }

  private static JsonNode status(Ledger ledger, Stored batch) {
    return ledger.find("t", "batch", batch.id()).orElseThrow().object();
  }

  /// A file of answers that ends anywhere is gone on with, and no other file is written to.
  @Test
  void aFileOfAnswersSaysItselfHowFarItIs() throws Exception {
    var route =
        Route.post("/v1/completions", Scope.INFERENCE, exchange -> exchange.answer(Map.of("k", 1)));
    Path in = Files.writeString(folder.resolve("in"), line("a", "x") + line("b", "é"));
    Path out = folder.resolve("out");
    var counts = BatchFile.answer(in, out, List.of(route), 1, _ -> {});
    assertEquals(new BatchFile.Counts(2, 0, 0), counts);
    byte[] whole = Files.readAllBytes(out);
    for (int size = 0; size <= whole.length; size++) {
      Files.write(out, Arrays.copyOf(whole, size));
      BatchFile.answer(in, out, List.of(route), 1, _ -> {});
      var ids =
          Files.readAllLines(out).stream()
              .map(line -> json(line).get("custom_id").stringValue())
              .toList();
      assertEquals(List.of("a", "b"), ids, "cut at " + size);
    }
    for (String foreign : List.of("precious", "precious\n", "{\"custom_id\":\"z\"}\n")) {
      Files.writeString(out, foreign);
      assertThrows(IOException.class, () -> BatchFile.answer(in, out, List.of(route), 1, _ -> {}));
      assertEquals(foreign, Files.readString(out));
    }
  }
}
