package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What browsers are given of the console, and what they are told about it.
class ConsoleTest {
  private static final Pattern IMPORT = Pattern.compile("from '([^']+)'");

  private static final Map<String, String> MEDIA_TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml",
          "txt", "text/plain; charset=utf-8");

  private static List<String> files(Served served) {
    return served.server.routes().stream()
        .map(route -> route.path())
        .filter(path -> path.equals("/") || path.startsWith("/console/"))
        .toList();
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void everyFileComesWithItsTypeAndAStrictPolicy() throws Exception {
    try (var served = new Served()) {
      for (String path : files(served)) {
        var response = served.get(path);
        assertEquals(200, response.statusCode(), path);
        String ending = path.substring(path.lastIndexOf('.') + 1);
        assertEquals(
            MEDIA_TYPES.getOrDefault(ending, "text/html; charset=utf-8"),
            header(response, "content-type"),
            path);
        String policy = header(response, "content-security-policy");
        assertTrue(policy.startsWith("default-src 'none'; script-src 'self'; "), policy);
        assertTrue(policy.contains("frame-ancestors 'none'; require-trusted-types-for"), policy);
        assertFalse(policy.contains("unsafe"), policy);
        assertEquals("nosniff", header(response, "x-content-type-options"));
        assertEquals("DENY", header(response, "x-frame-options"));
        assertEquals("no-referrer", header(response, "referrer-policy"));
        assertEquals("same-origin", header(response, "cross-origin-opener-policy"));
        assertEquals("", header(response, "set-cookie"), "there is no session to steal");
      }
    }
  }

  @Test
  void aFileThatIsKnownIsNotSentAgain() throws Exception {
    try (var served = new Served()) {
      for (String path : files(served)) {
        String tag = header(served.get(path), "etag");
        var known = served.get(path, "if-none-match", tag);
        assertEquals(304, known.statusCode(), path);
        assertEquals("", known.body());
        assertEquals(tag, header(known, "etag"));
        assertEquals(200, served.get(path, "if-none-match", "\"other\"").statusCode());
        assertEquals("no-cache", header(known, "cache-control"));
      }
    }
  }

  @Test
  void whatThePageAsksForIsThere() throws Exception {
    try (var served = new Served()) {
      var files = files(served);
      String page = served.get("/").body();
      assertFalse(page.contains("<style") || page.contains("style="), page);
      for (String path :
          Pattern.compile("(?:src|href)=\"([^\"]+)\"")
              .matcher(page)
              .results()
              .map(found -> found.group(1))
              .toList()) {
        assertTrue(files.contains(path), path);
      }
      for (String path : files) {
        if (path.endsWith(".js") && !path.contains("/vendor/")) {
          for (var found : IMPORT.matcher(served.get(path).body()).results().toList()) {
            String wanted = served.uri(path).resolve(found.group(1)).getPath();
            assertTrue(files.contains(wanted), path + " imports " + wanted);
          }
        }
      }
    }
  }

  @Test
  void nothingElseIsServed() throws Exception {
    try (var served = new Served()) {
      for (String path :
          List.of("/console", "/console/", "/console/index.html", "/console/..%2f..%2fConsole")) {
        assertEquals(404, served.get(path).statusCode(), path);
      }
    }
  }
}
