package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which routes there are, and who may call them.
class RoutesTest {
  /// The whole table. Whoever adds a route adds it here, and so sees what it asks for.
  private static final String ROUTES =
      """
      DELETE /api/delete INFERENCE 0
      DELETE /v1/files/{file} INFERENCE 0
      DELETE /v1/responses/{response} INFERENCE 0
      GET / PUBLIC 0
      GET /api/ps INFERENCE 0
      GET /api/tags INFERENCE 0
      GET /api/version INFERENCE 0
      GET /console/answer.js PUBLIC 0
      GET /console/api.js PUBLIC 0
      GET /console/app.js PUBLIC 0
      GET /console/batches.js PUBLIC 0
      GET /console/chat.js PUBLIC 0
      GET /console/conversation.js PUBLIC 0
      GET /console/dashboard.js PUBLIC 0
      GET /console/figures.js PUBLIC 0
      GET /console/icon.svg PUBLIC 0
      GET /console/icons.js PUBLIC 0
      GET /console/markdown.js PUBLIC 0
      GET /console/plot.js PUBLIC 0
      GET /console/settings.js PUBLIC 0
      GET /console/store.js PUBLIC 0
      GET /console/style.css PUBLIC 0
      GET /console/vendor/licences.txt PUBLIC 0
      GET /console/vendor/marked.js PUBLIC 0
      GET /console/vendor/preact.js PUBLIC 0
      GET /console/vendor/purify.js PUBLIC 0
      GET /console/vendor/uplot.css PUBLIC 0
      GET /console/vendor/uplot.js PUBLIC 0
      GET /health PUBLIC 0
      GET /metrics METRICS 0
      GET /ready PUBLIC 0
      GET /v1/batches INFERENCE 0
      GET /v1/batches/{batch} INFERENCE 0
      GET /v1/files INFERENCE 0
      GET /v1/files/{file} INFERENCE 0
      GET /v1/files/{file}/content INFERENCE 0
      GET /v1/models INFERENCE 0
      GET /v1/models/{model} INFERENCE 0
      GET /v1/responses/{response} INFERENCE 0
      GET /v1/responses/{response}/input_items INFERENCE 0
      POST /api/chat INFERENCE 8388608
      POST /api/copy INFERENCE 0
      POST /api/create INFERENCE 0
      POST /api/embed INFERENCE 8388608
      POST /api/embeddings INFERENCE 8388608
      POST /api/generate INFERENCE 8388608
      POST /api/pull INFERENCE 0
      POST /api/push INFERENCE 0
      POST /api/show INFERENCE 8388608
      POST /v1/batches INFERENCE 8388608
      POST /v1/batches/{batch}/cancel INFERENCE 0
      POST /v1/chat/completions INFERENCE 8388608
      POST /v1/completions INFERENCE 8388608
      POST /v1/detokenize INFERENCE 8388608
      POST /v1/embeddings INFERENCE 8388608
      POST /v1/files INFERENCE 210763776
      POST /v1/messages INFERENCE 8388608
      POST /v1/messages/count_tokens INFERENCE 8388608
      POST /v1/responses INFERENCE 8388608
      POST /v1/responses/{response}/cancel INFERENCE 0
      POST /v1/tokenize INFERENCE 8388608
      """;

  @TempDir private Path folder;

  private String key(KeyFile file, Set<Scope> scopes, Quota quota, Instant expires)
      throws Exception {
    var created = ApiKey.create("t", scopes, quota, Instant.now(), Optional.of(expires), "");
    file.change(keys -> {
      var all = new ArrayList<>(keys);
      all.add(created.key());
      return all;
    });
    return created.secret();
  }

  @Test
  void everyRouteIsListed() throws Exception {
    try (var served = new Served()) {
      assertEquals(
          ROUTES,
          served.server.routes().stream()
              .map(route ->
                  "%s %s %s %d\n"
                      .formatted(route.method(), route.path(), route.scope(), route.bodyBytesMax()))
              .sorted()
              .collect(Collectors.joining()));
    }
  }

  @Test
  void everyRouteAsksForItsScopeHoweverTheKeyIsSent() throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    var later = Instant.now().plusSeconds(1_000);
    var none = Quota.NONE;
    String inference = key(file, Set.of(Scope.INFERENCE), none, later);
    String metrics = key(file, Set.of(Scope.METRICS), none, later);
    String admin = key(file, Set.of(Scope.ADMIN), none, later);
    String expired = key(file, Set.of(Scope.INFERENCE), none, Instant.now().minusSeconds(1));
    String batches = "batches=" + folder.resolve("batches");
    try (var served = new Served("keys=" + file.path(), batches)) {
      for (Route route : served.server.routes()) {
        boolean isPublic = route.scope() == Scope.PUBLIC;
        int refused = isPublic ? 0 : 403;
        int unknown = isPublic ? 0 : 401;
        check(served, route, route.scope() == Scope.METRICS ? refused : 0, bearer(inference));
        check(served, route, route.scope() == Scope.INFERENCE ? refused : 0, bearer(metrics));
        check(served, route, refused, bearer(admin));
        check(served, route, 0, isPublic ? List.of() : good(route, inference, metrics));
        check(served, route, unknown, List.of());
        check(served, route, unknown, bearer(expired));
        check(served, route, 0, isPublic ? List.of() : other(route, inference, metrics));
        if (!isPublic) {
          // Too many wrong keys came by now; they are refused however often.
          check(served, route, unknown, bearer("sk-wrong"));
          check(served, route, unknown, List.of("authorization", "Basic " + inference));
          check(served, route, unknown, List.of("authorization", inference));
          check(served, route, unknown, List.of("x-api-key", "sk-wrong"));
          check(
              served, route, unknown, List.of("authorization", "Basic x", "x-api-key", inference));
          check(served, route, unknown, List.of("cookie", "key=" + inference));
          check(served, route, unknown, List.of("api-key", inference));
          var twice = new ArrayList<>(bearer(inference));
          twice.addAll(bearer(inference));
          check(served, route, unknown, twice);
        }
      }
    }
  }

  private static List<String> good(Route route, String inference, String metrics) {
    String key = route.scope() == Scope.METRICS ? metrics : inference;
    return List.of("authorization", "bEaReR  " + key + " ");
  }

  private static List<String> other(Route route, String inference, String metrics) {
    return List.of("x-api-key", route.scope() == Scope.METRICS ? metrics : inference);
  }

  private static List<String> bearer(String key) {
    return List.of("authorization", "Bearer " + key);
  }

  /// @param expected 0 where the request must get past the gate
  private static void check(Served served, Route route, int expected, List<String> headers)
      throws Exception {
    String path = route.path().replace("{model}", "letters").replaceAll("\\{[^}]*}", "none");
    var request =
        served
            .request(path, headers.toArray(String[]::new))
            .header("content-type", MutatedBodiesTest.mediaType(route));
    var response =
        served.send(
            route.method().equals("GET")
                ? request.GET()
                : request.method(route.method(), BodyPublishers.ofString("{}")));
    int status = response.statusCode();
    String where = route + " " + headers + " " + response.body();
    if (expected == 0) {
      boolean isUnknown = status == 404 && path.contains("none");
      assertTrue(status == 200 || status == 400 || isUnknown, where);
    } else {
      // After many wrong keys the answer is to stay away.
      assertTrue(status == expected || expected == 401 && status == 429, where);
    }
  }

  @Test
  void aRevokedKeyIsRefusedWithinASecond() throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    String key = key(file, Set.of(Scope.INFERENCE), Quota.NONE, Instant.now().plusSeconds(99));
    try (var served = new Served("keys=" + file.path())) {
      String[] headers = {"authorization", "Bearer " + key};
      assertEquals(200, served.get("/v1/models", headers).statusCode());
      file.change(_ -> List.of());
      Thread.sleep(1_000);
      assertEquals(401, served.get("/v1/models", headers).statusCode());
    }
  }

  @Test
  void aQuotaIsToldAndHeld() throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    String key =
        key(file, Set.of(Scope.INFERENCE), new Quota(3, 50, 0), Instant.now().plusSeconds(99));
    try (var served = new Served("keys=" + file.path())) {
      String[] headers = {"authorization", "Bearer " + key};
      var first = served.get("/v1/models", headers);
      assertEquals("3", first.headers().firstValue("x-ratelimit-limit-requests").orElseThrow());
      assertEquals("2", first.headers().firstValue("x-ratelimit-remaining-requests").orElseThrow());
      String body = "{\"model\":\"letters\",\"prompt\":\"x\",\"max_tokens\":30}";
      assertEquals(200, served.post("/v1/completions", body, headers).statusCode());
      var second = served.post("/v1/completions", body, headers);
      assertEquals(429, second.statusCode());
      assertTrue(second.body().contains("tokens per minute"), second.body());
      assertEquals(429, served.get("/v1/models", headers).statusCode());
    }
  }

  @Test
  void foreignNamesAndPagesAreRefused() throws Exception {
    try (var served = new Served("cors-origins=https://chat.example")) {
      String foreign = "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n";
      assertTrue(served.raw(foreign).startsWith("HTTP/1.1 403 "));
      for (String origin : List.of("null", "https://evil.example")) {
        assertEquals(403, served.get("/v1/models", "origin", origin).statusCode());
      }
      var allowed = served.get("/v1/models", "origin", "https://chat.example");
      assertEquals(200, allowed.statusCode());
      assertEquals(
          "https://chat.example",
          allowed.headers().firstValue("access-control-allow-origin").orElseThrow());
      var preflight =
          served.send(
              served
                  .request(
                      "/v1/completions",
                      "origin",
                      "https://chat.example",
                      "access-control-request-method",
                      "POST",
                      "access-control-request-headers",
                      "authorization,content-type,x-stainless-os")
                  .method("OPTIONS", BodyPublishers.noBody()));
      assertEquals(204, preflight.statusCode());
      assertEquals(
          "authorization,content-type,x-stainless-os",
          preflight.headers().firstValue("access-control-allow-headers").orElseThrow());
    }
  }
}
