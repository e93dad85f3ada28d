package dev.educe.server;

import dev.educe.server.http.Exchange;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// The web page at `/`, with which people talk to the models and watch the server.
///
/// Its files come from the jar and hold nothing secret: anybody may read them, and what the page
/// asks for needs a key like everything else. Browsers are told to load and run nothing but them.
final class Console {
  private static final String PAGE = "index.html";

  private static final List<String> FILES =
      List.of(
          "answer.js",
          "api.js",
          "app.js",
          "batches.js",
          "chat.js",
          "conversation.js",
          "dashboard.js",
          "figures.js",
          "icon.svg",
          "icons.js",
          "markdown.js",
          "plot.js",
          "settings.js",
          "store.js",
          "style.css",
          "vendor/licences.txt",
          "vendor/marked.js",
          "vendor/preact.js",
          "vendor/purify.js",
          "vendor/uplot.css",
          "vendor/uplot.js");

  private static final Map<String, String> MEDIA_TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml",
          "txt", "text/plain; charset=utf-8");

  /// Text becomes markup through DOMPurify alone: the last policy makes the browser see to it.
  private static final String CONTENT_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
          + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
          + "require-trusted-types-for 'script'; trusted-types dompurify";

  private static final Map<String, String> HEADERS =
      Map.of(
          "content-security-policy", CONTENT_POLICY,
          "cross-origin-opener-policy", "same-origin",
          "cross-origin-resource-policy", "same-origin",
          "permissions-policy", "camera=(), geolocation=(), microphone=()",
          "referrer-policy", "no-referrer",
          "x-frame-options", "DENY",
          // Kept, and asked about each time: a new version of the server is seen at once.
          "cache-control", "no-cache");

  private Console() {}

  /// The page, and a route for each file of it.
  static List<Route> routes() {
    var routes = new ArrayList<Route>();
    routes.add(route("/", PAGE));
    FILES.forEach(name -> routes.add(route("/console/" + name, name)));
    return routes;
  }

  private static Route route(String path, String name) {
    String text = text(name);
    String mediaType = MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    String tag = '"' + hash(text) + '"';
    return Route.get(path, Scope.PUBLIC, exchange -> answer(exchange, text, mediaType, tag));
  }

  private static void answer(Exchange exchange, String text, String mediaType, String tag) {
    HEADERS.forEach(exchange::header);
    exchange.header("etag", tag);
    boolean isKnown = exchange.header("if-none-match").filter(tag::equals).isPresent();
    exchange.answer(isKnown ? 304 : 200, mediaType, isKnown ? "" : text);
  }

  private static String text(String name) {
    try (var file = Console.class.getResourceAsStream("console/" + name)) {
      if (file == null) {
        throw new IllegalStateException("the jar of the server lacks console/" + name);
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
