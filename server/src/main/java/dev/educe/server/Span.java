package dev.educe.server;

import dev.educe.server.http.Exchange;
import dev.educe.server.http.Route;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/// A request as a span of OpenTelemetry: who called what, how long it took and how many tokens, and
/// nothing of what was said.
///
/// Source: OTLP 1.x in its JSON encoding; W3C Trace Context; OpenTelemetry's semantic conventions
/// for HTTP, and for generative AI as of 1.41, which are not stable yet: their names are all here.
final class Span {
  private static final Pattern TRACE_PARENT =
      Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})");
  private static final int KIND_SERVER = 2;
  private static final int STATUS_ERROR = 2;
  private static final int SERVER_FAULT = 500;

  /// The names of operations by the last part of the route.
  private static final Map<String, String> OPERATIONS =
      Map.of(
          "/v1/completions", "text_completion",
          "/v1/chat/completions", "chat",
          "/v1/responses", "chat",
          "/v1/embeddings", "embeddings");

  private Span() {}

  /// The span of a request that has ended now; none if its caller has said that it traces nothing.
  static Optional<Map<String, Object>> of(Exchange exchange) {
    var parent = TRACE_PARENT.matcher(exchange.header("traceparent").orElse(""));
    boolean hasParent = parent.matches();
    if (hasParent && Integer.parseInt(parent.group(3), 16) % 2 == 0) {
      return Optional.empty();
    }
    long end = System.currentTimeMillis() * 1_000_000;
    long start = end - (System.nanoTime() - exchange.startNanos());
    var span = new LinkedHashMap<String, Object>();
    span.put("traceId", hasParent ? parent.group(1) : id(2));
    span.put("spanId", id(1));
    if (hasParent) {
      span.put("parentSpanId", parent.group(2));
    }
    String path = exchange.route().map(Route::path).orElse("");
    String operation = OPERATIONS.getOrDefault(path, "");
    span.put(
        "name",
        operation.isEmpty()
            ? (exchange.route().map(Route::method).orElse("HTTP") + " " + path).strip()
            : (operation + " " + exchange.model()).strip());
    span.put("kind", KIND_SERVER);
    span.put("startTimeUnixNano", Long.toString(start));
    span.put("endTimeUnixNano", Long.toString(end));
    span.put("attributes", attributes(exchange, path, operation));
    if (exchange.status() >= SERVER_FAULT) {
      span.put("status", Map.of("code", STATUS_ERROR));
    }
    return Optional.of(span);
  }

  private static List<Object> attributes(Exchange exchange, String path, String operation) {
    var all = new ArrayList<>();
    exchange.route().ifPresent(route -> all.add(text("http.request.method", route.method())));
    if (!path.isEmpty()) {
      all.add(text("http.route", path));
    }
    all.add(number("http.response.status_code", exchange.status()));
    all.add(text("educe.request.id", exchange.id()));
    if (!exchange.code().isEmpty()) {
      all.add(text("error.type", exchange.code()));
    }
    if (!operation.isEmpty()) {
      all.add(text("gen_ai.operation.name", operation));
      all.add(text("gen_ai.provider.name", "educe"));
    }
    if (!operation.isEmpty() && !exchange.model().isEmpty()) {
      all.add(text("gen_ai.request.model", exchange.model()));
    }
    exchange
        .took()
        .ifPresent(took -> {
          all.add(number("gen_ai.usage.input_tokens", took.inputTokens()));
          all.add(number("gen_ai.usage.cache_read.input_tokens", took.cachedTokens()));
          all.add(number("gen_ai.usage.output_tokens", took.outputTokens()));
          if (took.firstNanos() > 0) {
            all.add(
                attribute(
                    "gen_ai.response.time_to_first_chunk", "doubleValue", took.firstNanos() / 1e9));
          }
        });
    return all;
  }

  static Map<String, Object> text(String key, String value) {
    return attribute(key, "stringValue", value);
  }

  private static Map<String, Object> number(String key, long value) {
    return attribute(key, "intValue", Long.toString(value));
  }

  private static Map<String, Object> attribute(String key, String type, Object value) {
    return Map.of("key", key, "value", Map.of(type, value));
  }

  /// So many times eight random bytes, not all of them 0.
  private static String id(int longs) {
    var id = new StringBuilder();
    for (int i = 0; i < longs; i++) {
      id.append(HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong() | 1));
    }
    return id.toString();
  }
}
