package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Spans, as a collector gets them.
class TracingTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";

  private final List<String> bodies = new CopyOnWriteArrayList<>();
  private HttpServer collector;

  @BeforeEach
  void start() throws IOException {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
  }

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  private String setting() {
    return "tracing=http://127.0.0.1:" + collector.getAddress().getPort();
  }

  private List<JsonNode> spans() {
    var spans = new ArrayList<JsonNode>();
    for (String body : bodies) {
      var resource = Served.json(body).get("resourceSpans").get(0);
      assertTrue(resource.get("resource").toString().contains("\"service.name\""));
      resource.get("scopeSpans").get(0).get("spans").forEach(spans::add);
    }
    return spans;
  }

  private static TreeMap<String, String> attributes(JsonNode span) {
    var all = new TreeMap<String, String>();
    for (JsonNode each : span.get("attributes")) {
      each.get("value").forEach(value -> all.put(each.get("key").asString(), value.asString()));
    }
    return all;
  }

  @Test
  void aRequestIsASpanWithoutAnythingThatWasSaid() throws Exception {
    String body = "{\"model\":\"letters\",\"prompt\":\"canary\",\"max_tokens\":3}";
    try (var served = new Served(setting())) {
      String parent = "00-" + TRACE + "-" + PARENT + "-01";
      assertEquals(200, served.post("/v1/completions", body, "traceparent", parent).statusCode());
      assertEquals(404, served.get("/v1/models/canary").statusCode());
      assertEquals(404, served.get("/canary", "traceparent", "canary").statusCode());
      served.get("/v1/models", "traceparent", "00-" + TRACE + "-" + PARENT + "-00");
    } // which sends what is left

    var spans = spans();
    assertEquals(3, spans.size(), bodies.toString());
    assertFalse(bodies.toString().contains("canary"), bodies.toString());
    var span = spans.getFirst();
    assertEquals(TRACE, span.get("traceId").asString());
    assertEquals(PARENT, span.get("parentSpanId").asString());
    assertEquals("text_completion letters", span.get("name").asString());
    assertTrue(
        Long.parseLong(span.get("startTimeUnixNano").asString())
            <= Long.parseLong(span.get("endTimeUnixNano").asString()));
    var attributes = attributes(span);
    assertTrue(attributes.remove("educe.request.id").startsWith("req_"));
    assertTrue(Double.parseDouble(attributes.remove("gen_ai.response.time_to_first_chunk")) > 0);
    assertEquals(
        "{gen_ai.operation.name=text_completion, gen_ai.provider.name=educe,"
            + " gen_ai.request.model=letters, gen_ai.usage.cache_read.input_tokens=0,"
            + " gen_ai.usage.input_tokens=6, gen_ai.usage.output_tokens=3,"
            + " http.request.method=POST, http.response.status_code=200,"
            + " http.route=/v1/completions}",
        attributes.toString());
    assertEquals("GET /v1/models/{model}", spans.get(1).get("name").asString());
    assertEquals("model_not_found", attributes(spans.get(1)).get("error.type"));
    assertEquals("HTTP", spans.get(2).get("name").asString());
    for (JsonNode each : spans) {
      assertTrue(each.get("traceId").asString().matches("[0-9a-f]{32}"));
      assertTrue(each.get("spanId").asString().matches("[0-9a-f]{16}"));
    }
  }

  @Test
  void nothingWaitsForACollectorThatIsNotThere() throws Exception {
    String setting = setting();
    collector.stop(0);
    try (var served = new Served(setting)) {
      for (int i = 0; i < 20; i++) {
        assertEquals(200, served.get("/v1/models").statusCode());
      }
    }
  }
}
