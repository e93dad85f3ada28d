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
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
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
import java.util.concurrent.atomic.AtomicLong;
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
    var seconds = new AtomicLong();
    var terms =
        new Batches.Terms(
            () -> Instant.ofEpochSecond(1_000 + seconds.get()),
            () -> seconds.get() * 1_000_000_000,
            Duration.ZERO);
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
    try (var batches = new Batches(folder.resolve("expiring"), List.of(route), 2, terms)) {
      var ledger = batches.ledger();
      var draft = Files.writeString(ledger.draft(), line("a", "x") + line("b", "x"));
      var file = batches.upload("t", draft, "n", Files.size(draft), Optional.empty());
      var batch =
          batches.create(
              file,
              Quota.NONE,
              new Batches.Order(
                  "/v1/completions",
                  "1h",
                  Duration.ofHours(1),
                  NullNode.instance,
                  Optional.empty()));
      Served.await(() -> status(ledger, batch).at("/request_counts/completed").intValue() == 1);
      seconds.set(3_599);
      Thread.sleep(100);
      assertEquals("in_progress", status(ledger, batch).get("status").stringValue());
      seconds.set(3_600);
      Served.await(() -> status(ledger, batch).get("status").stringValue().equals("expired"));
      var over = status(ledger, batch);
      assertEquals(4_600, over.get("expired_at").intValue());
      assertEquals("{\"total\":2,\"completed\":1,\"failed\":1}", over.get("request_counts") + "");
      var rest = Files.readString(ledger.content(over.get("error_file_id").stringValue()));
      assertEquals("batch_expired", json(rest).at("/error/code").stringValue());
      assertEquals(Set.of(-1), seen);
    }
  }

  /// A window is time during which a server was there: no change of the machine's clock ends it
  /// early or late, and neither does a restart.
  @Test
  void noChangeOfTheClockMovesTheEndOfABatch() throws Exception {
    var wall = new AtomicReference<>(Instant.parse("2026-03-29T00:59:59Z"));
    var nanos = new AtomicLong(-5); // may begin anywhere
    var terms = new Batches.Terms(wall::get, nanos::get, Duration.ZERO);
    var routes = List.of(Route.post("/v1/completions", Scope.INFERENCE, BatchesTest::refuse));
    Stored batch;
    try (var batches = new Batches(folder.resolve("clock"), routes, 1, terms)) {
      batch = create(batches);
      for (Duration jump :
          List.of(
              Duration.ofHours(1),
              Duration.ofHours(-2),
              Duration.ofDays(3_650),
              Duration.ofDays(-7_300),
              Duration.ofMillis(-1),
              Duration.ofSeconds(1))) {
        wall.set(wall.get().plus(jump));
        nanos.addAndGet(500_000_000_000L);
        Thread.sleep(60);
        assertEquals("in_progress", status(batches.ledger(), batch).get("status").stringValue());
      }
      assertEquals(3_000, batches.ledger().seconds());
      Served.await(this::hasTick); // the janitor's, of the last minute
    }
    wall.set(wall.get().plus(Duration.ofDays(3_650)));
    nanos.set(Long.MAX_VALUE - 1_000_000_000); // and may overflow
    try (var batches = new Batches(folder.resolve("clock"), routes, 1, terms)) {
      var now = status(batches.ledger(), batch);
      assertEquals("in_progress", now.get("status").stringValue());
      long left = now.get("expires_at").longValue() - wall.get().getEpochSecond();
      assertTrue(left == 600, "left: " + left);
      nanos.addAndGet(601_000_000_000L);
      Served.await(
          () -> status(batches.ledger(), batch).get("status").stringValue().equals("expired"));
    }
  }

  private boolean hasTick() {
    try {
      return Files.readString(folder.resolve("clock/journal"), StandardCharsets.ISO_8859_1)
          .contains("{\"at\":3000}");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void refuse(Exchange exchange) {
    throw new ApiException(
        ApiError.of(429, "rate_limit_error", "queue_full", "Full.").withRetryMillis(5));
  }

  private static Stored create(Batches batches) throws IOException {
    var draft = Files.writeString(batches.ledger().draft(), line("a", "x"));
    var file = batches.upload("t", draft, "n", Files.size(draft), Optional.empty());
    return batches.create(
        file,
        Quota.NONE,
        new Batches.Order(
            "/v1/completions", "1h", Duration.ofHours(1), NullNode.instance, Optional.empty()));
  }

  /// Lines count against the tokens of the key that their batch was made with, also after a
  /// restart, and leave half of a minute's to those who wait.
  @Test
  void aBatchKeepsToTheQuotaOfItsKey() throws Exception {
    var keys = new KeyFile(folder.resolve("keys.json"));
    var created =
        ApiKey.create(
            "one",
            Set.of(Scope.INFERENCE),
            new Quota(0, 40, 0),
            Instant.now(),
            Optional.empty(),
            "");
    keys.change(_ -> List.of(created.key()));
    String[] key = {"authorization", "Bearer " + created.secret()};
    String id;
    try (var served = served("keys=" + keys.path(), "batch-lines=1")) {
      // Each takes four tokens: five are half of a minute's.
      var lines = new StringBuilder();
      for (int i = 0; i < 12; i++) {
        lines.append(line("l" + i, "x"));
      }
      id = create(served, upload(served, lines.toString(), key), "/v1/completions", key);
      Served.await(() -> batch(served, id, key).at("/request_counts/completed").intValue() == 5);
      Thread.sleep(200);
      assertTrue(batch(served, id, key).at("/request_counts/completed").intValue() <= 6);
      var answer =
          served.post(
              "/v1/completions", "{\"model\":\"letters\",\"prompt\":\"x\",\"max_tokens\":3}", key);
      assertEquals(200, answer.statusCode(), "half is left to those who wait");
    }
    try (var served = served("keys=" + keys.path(), "batch-lines=1")) {
      Served.await(() -> batch(served, id, key).at("/request_counts/completed").intValue() > 6);
      Thread.sleep(200);
      assertTrue(batch(served, id, key).at("/request_counts/completed").intValue() < 12);
    }
  }

  private static JsonNode batch(Served served, String id, String[] headers) {
    try {
      return json(served.get("/v1/batches/" + id, headers).body());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFileSaysHowLongItIsKept() throws Exception {
    try (var served = served("batch-days=2")) {
      String usual = upload(served, line("a", "x"));
      var file = json(served.get("/v1/files/" + usual).body());
      assertEquals(
          2 * 24 * 3_600, file.get("expires_at").longValue() - file.get("created_at").longValue());
      for (String[] given :
          new String[][] {
            {"created_at", "3600", ""},
            {"now", "3600", "[anchor]"},
            {"created_at", "59", "[seconds]"}
          }) {
        String form =
            field("purpose", "batch")
                + field("expires_after[anchor]", given[0])
                + field("expires_after[seconds]", given[1])
                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n"
                + "\r\nx\r\n--b--\r\n";
        var response =
            served.send(
                served
                    .request("/v1/files")
                    .header("content-type", "multipart/form-data; boundary=b")
                    .POST(BodyPublishers.ofString(form)));
        if (given[2].isEmpty()) {
          var kept = json(response.body());
          assertEquals(
              3_600, kept.get("expires_at").longValue() - kept.get("created_at").longValue());
        } else {
          assertEquals(400, response.statusCode());
          assertEquals(
              "expires_after" + given[2], json(response.body()).at("/error/param").stringValue());
        }
      }
    }
  }

  @Test
  void answersAreKeptAsLongAsTheirBatchSays() throws Exception {
    try (var served = served("batch-days=2")) {
      String file = upload(served, line("a", "x"));
      String body =
          "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/completions\","
              + "\"completion_window\":\"24h\",\"output_expires_after\":%s}";
      for (String[] wrong :
          new String[][] {
            {"{\"anchor\":\"created_at\",\"seconds\":3599}", ".seconds"},
            {"{\"anchor\":\"created_at\",\"seconds\":2592001}", ".seconds"},
            {"{\"anchor\":\"created_at\"}", ".seconds"},
            {"{\"anchor\":\"now\",\"seconds\":3600}", ".anchor"},
            {"1", ""}
          }) {
        var response = served.post("/v1/batches", body.formatted(file, wrong[0]));
        assertEquals(400, response.statusCode(), response.body());
        assertEquals(
            "output_expires_after" + wrong[1],
            json(response.body()).at("/error/param").stringValue());
      }
      String after = "{\"anchor\":\"created_at\",\"seconds\":7200}";
      var created = json(served.post("/v1/batches", body.formatted(file, after)).body());
      assertEquals(json(after), created.get("output_expires_after"));
      String id = created.get("id").stringValue();
      Served.await(() -> batch(served, id).get("status").stringValue().equals("completed"));
      String output = batch(served, id).get("output_file_id").stringValue();
      var kept = json(served.get("/v1/files/" + output).body());
      assertEquals(7_200, kept.get("expires_at").longValue() - kept.get("created_at").longValue());
    }
  }

  private static String field(String name, String value) {
    return "--b\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
        .formatted(name, value);
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
