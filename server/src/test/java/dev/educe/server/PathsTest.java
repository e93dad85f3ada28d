package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// Addresses that are written otherwise, and names that would be more than names elsewhere.
class PathsTest {
  private static final byte[] NOTHING = new byte[0];
  private static final Set<Integer> REFUSALS = Set.of(400, 401, 403, 404, 405, 415, 429);
  private static final List<String> METHODS =
      List.of(
          "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get",
          "LINK");

  private static final List<String> CLIMBS =
      List.of(
          "../",
          "..%2f",
          "..%5c",
          "%2e%2e/",
          "%2e%2e%2f",
          "%252e%252e%252f",
          "..%c0%af",
          "%uff0e%uff0e/",
          "%ef%bc%8e%ef%bc%8e%ef%bc%8f",
          "....//",
          "..;/",
          "..\\",
          "//",
          "%2f",
          "file:%2f%2f%2f",
          "http:%2f%2f169.254.169.254%2f",
          "%5c%5chost%5cshare%5c",
          "%00",
          "%0d%0a",
          "CON%2f",
          "~%2f");

  @TempDir private Path folder;

  private String key() throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    var created =
        ApiKey.create(
            "t", Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), Optional.empty(), "");
    file.change(_ -> List.of(created.key()));
    return created.secret();
  }

  private static List<String> spellings(String path) {
    return List.of(
        path,
        "/" + path,
        "/." + path,
        "/%2e" + path,
        "/health/.." + path,
        "/health/%2e%2e" + path,
        "/health/..;" + path,
        "/console" + path,
        path + "/",
        path + "/.",
        path + ";x=1",
        path + "%00",
        path + "%20",
        path + "?key=x&api_key=x",
        path.replace("/v1/", "/v1//").replace("/api/", "/api//"),
        path.replaceFirst("v1|api", "%76%31"),
        path.replaceFirst("^/", "%2f"),
        path.replace("/", "\\"),
        path.toUpperCase(),
        "http://localhost" + path,
        "//localhost" + path,
        "*");
  }

  /// However an address is spelled and whatever the method is, without a key nothing is served.
  @Test
  void noSpellingOfAnAddressOpensWhatAsksForAKey() throws Exception {
    key();
    try (var served = new Served("keys=" + folder.resolve("keys.json"));
        var connection = new Connection(served)) {
      for (Route route : served.server.routes()) {
        if (route.scope() == Scope.PUBLIC) {
          continue;
        }
        String path = route.path().replace("{model}", "letters").replaceAll("\\{[^}]*}", "none");
        for (String spelling : spellings(path)) {
          for (String method : METHODS) {
            byte[] body = method.equals("POST") ? "{}".getBytes() : NOTHING;
            var answer = connection.send(method, spelling, "application/json", body);
            assertTrue(REFUSALS.contains(answer.status()), method + " " + spelling + " " + answer);
          }
        }
      }
      assertEquals(0, served.model.started.get());
    }
  }

  /// What stands for an id, a name or a key is looked up and nothing else.
  @Test
  void noNameLeadsAnywhere() throws Exception {
    String key = "Authorization: Bearer " + key();
    Path secret = Files.writeString(folder.resolve("secret"), "canary");
    Path batches = folder.resolve("batches");
    try (var served = new Served("keys=" + folder.resolve("keys.json"), "batches=" + batches);
        var connection = new Connection(served)) {
      Path inside = Files.writeString(batches.resolve("files").resolve("secret"), "canary");
      for (String climb : CLIMBS) {
        for (String name :
            List.of("secret", "keys.json", "journal", "etc%2fpasswd", "proc/self/environ")) {
          for (int times : new int[] {0, 1, 2, 3, 9}) {
            String id = climb.repeat(times) + name;
            for (String path :
                List.of(
                    "/v1/files/%s/content",
                    "/v1/files/%s",
                    "/v1/batches/%s",
                    "/v1/models/%s",
                    "/v1/responses/%s",
                    "/console/%s")) {
              String method = path.equals("/v1/files/%s") ? "DELETE" : "GET";
              var answer = connection.send(method, path.formatted(id), "text/plain", NOTHING, key);
              assertTrue(Set.of(400, 404, 405).contains(answer.status()), id + " " + answer);
              assertTrue(json(answer.body()).has("error"), answer.body());
              assertFalse(answer.body().contains("canary"), answer.body());
            }
          }
        }
      }
      assertTrue(Files.exists(secret) && Files.exists(inside));
    }
  }

  private static final List<String> INJECTIONS =
      List.of(
          "' OR '1'='1",
          "\"; DROP TABLE keys; --",
          "{\"$gt\":\"\"}",
          "${jndi:ldap://127.0.0.1/a}",
          "%n%s%x",
          "<script>alert(1)</script>",
          "../../etc/passwd",
          "http://169.254.169.254/latest",
          "letters\u0000",
          "letters\r\nx-injected: 1",
          " letters",
          "LETTERS",
          "sk-educe-",
          "*",
          "x".repeat(5_000));

  @Test
  void noTextIsMoreThanANameOrAKey() throws Exception {
    String key = "Authorization: Bearer " + key();
    try (var served = new Served("keys=" + folder.resolve("keys.json"));
        var connection = new Connection(served)) {
      for (String text : INJECTIONS) {
        String quoted = JsonMapper.shared().writeValueAsString(text);
        var bodies = new ArrayList<String>();
        bodies.add("/v1/completions {\"model\":%s,\"prompt\":\"a\"}");
        bodies.add("/v1/embeddings {\"model\":%s,\"input\":\"a\"}");
        bodies.add(
            "/v1/responses {\"model\":\"letters\",\"input\":\"a\",\"previous_response_id\":%s}");
        bodies.add("/api/chat {\"model\":%s,\"messages\":[]}");
        for (String body : bodies) {
          String[] parts = body.formatted(quoted).split(" ", 2);
          byte[] bytes = parts[1].getBytes(StandardCharsets.UTF_8);
          var answer = connection.send("POST", parts[0], "application/json", bytes, key);
          assertTrue(Set.of(400, 404).contains(answer.status()), body + " " + text + answer);
        }
        String model = URLEncoder.encode(text, StandardCharsets.UTF_8);
        var answer = connection.send("GET", "/v1/models/" + model, "text/plain", NOTHING, key);
        assertTrue(Set.of(400, 404).contains(answer.status()), text + answer);
      }
      for (String text : INJECTIONS) {
        String wrong = "Authorization: Bearer " + text.replaceAll("[\r\n\u0000]", "");
        var answer = connection.send("GET", "/v1/models", "text/plain", NOTHING, wrong);
        assertTrue(Set.of(400, 401, 429, 431).contains(answer.status()), text + answer);
      }
    }
  }

  /// What a proxy might say of a client is no more than a client might say of itself.
  @Test
  void noHeaderMakesACallerSomebodyElse() throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    var secrets = new ArrayList<String>();
    for (String tenant : List.of("a", "b")) {
      var created =
          ApiKey.create(
              tenant, Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), Optional.empty(), "");
      file.change(keys -> {
        var all = new ArrayList<>(keys);
        all.add(created.key());
        return all;
      });
      secrets.add("Bearer " + created.secret());
    }
    try (var served = new Served("keys=" + file.path(), "batches=" + folder.resolve("batches"))) {
      String own = BatchesTest.upload(served, "x\n", "authorization", secrets.getFirst());
      for (String header :
          List.of(
              "openai-organization",
              "openai-project",
              "x-user",
              "x-tenant",
              "x-forwarded-user",
              "x-real-user",
              "x-api-key",
              "cookie")) {
        var answer =
            served.get("/v1/files/" + own, "authorization", secrets.getLast(), header, "a");
        assertEquals(404, answer.statusCode(), header);
      }
      for (int i = 0; i < 30; i++) {
        served.get("/v1/models", "authorization", "Bearer x", "x-forwarded-for", "10.0.0." + i);
      }
      var away = served.get("/v1/models", "authorization", "Bearer x", "forwarded", "for=1.2.3.4");
      assertEquals(429, away.statusCode());
    }
  }
}
