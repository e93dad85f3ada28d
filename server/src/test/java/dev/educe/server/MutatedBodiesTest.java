package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.http.Route;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Bodies that were right before they were changed at random: each ends in an answer, or in an
/// error of the table, and never in a fault of the server.
class MutatedBodiesTest {
  private static final List<String> BODIES =
      List.of(
          "{\"model\":\"letters\",\"prompt\":\"a b\",\"max_tokens\":3,\"n\":2,\"echo\":true,"
              + "\"stop\":[\"x\"],\"temperature\":0.5,\"top_p\":1,\"seed\":7,"
              + "\"logit_bias\":{\"65\":-1},\"presence_penalty\":1,\"user\":\"u\"}",
          "{\"model\":\"letters\",\"prompt\":[[1,2],\"é𝄞\"],\"stream\":true,"
              + "\"stream_options\":{\"include_usage\":true},\"max_tokens\":2}",
          "{\"model\":\"letters\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
              + "{\"role\":\"user\","
              + "\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
              + "{\"role\":\"assistant\",\"content\":null,"
              + "\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":"
              + "{\"name\":\"f\","
              + "\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c\","
              + "\"content\":\"r\"}],"
              + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
              + "\"parameters\":{}}}],"
              + "\"tool_choice\":\"auto\",\"n\":2,\"logprobs\":true,\"top_logprobs\":1,"
              + "\"max_tokens\":3}",
          "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
              + "\"stream\":true,"
              + "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
              + "{\"name\":\"n\",\"schema\":"
              + "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[1]}}}}},\"max_tokens\":2}",
          "{\"model\":\"letters\",\"input\":[{\"role\":\"user\",\"content\":"
              + "[{\"type\":\"input_text\","
              + "\"text\":\"a\"}]},{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
              + "\"arguments\":\"{}\"},{\"type\":\"function_call_output\","
              + "\"call_id\":\"c\",\"output\":\"r\"},"
              + "{\"type\":\"reasoning\",\"summary\":[],\"content\":"
              + "[{\"type\":\"reasoning_text\","
              + "\"text\":\"t\"}]}],\"tools\":[{\"type\":\"function\",\"name\":\"f\","
              + "\"parameters\":{},"
              + "\"strict\":true}],\"text\":{\"format\":{\"type\":\"json_object\"}},"
              + "\"max_output_tokens\":3}",
          "{\"model\":\"letters\",\"input\":\"a\",\"instructions\":\"i\",\"stream\":true,"
              + "\"store\":false,"
              + "\"reasoning\":{\"effort\":\"low\"},\"max_output_tokens\":3}",
          "{\"model\":\"letters\",\"max_tokens\":3,\"system\":[{\"type\":\"text\","
              + "\"text\":\"s\"}],\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
              + "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
              + "\"thinking\":\"t\",\"signature\":\"\"},{\"type\":\"tool_use\","
              + "\"id\":\"c\",\"name\":\"f\",\"input\":{}}]},{\"role\":\"user\","
              + "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c\","
              + "\"content\":\"r\"}]}],\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],"
              + "\"tool_choice\":{\"type\":\"auto\"},\"top_k\":3}",
          "{\"model\":\"letters\",\"max_tokens\":2,\"stream\":true,"
              + "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
              + "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9},"
              + "\"stop_sequences\":[\"x\"],\"metadata\":{\"user_id\":\"u\"},"
              + "\"output_config\":{\"effort\":\"low\"}}",
          "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
              + "\"tool_choice\":{\"type\":\"none\"}}",
          "{\"model\":\"letters\",\"messages\":[{\"role\":\"assistant\",\"content\":\"\","
              + "\"thinking\":\"t\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
              + "\"arguments\":{\"a\":1}}}]},{\"role\":\"tool\",\"tool_name\":\"f\","
              + "\"content\":\"r\"}],\"tools\":[{\"type\":\"function\",\"function\":"
              + "{\"name\":\"f\",\"parameters\":{}}}],\"think\":true,\"keep_alive\":\"5m\","
              + "\"options\":{\"stop\":[\"x\"],\"seed\":1,\"mirostat\":2,\"num_ctx\":9,"
              + "\"num_predict\":3}}",
          "{\"model\":\"letters\",\"prompt\":\"a\",\"system\":\"s\",\"stream\":false,"
              + "\"format\":{\"type\":\"object\"},\"options\":{\"num_predict\":3}}",
          "{\"model\":\"letters\",\"prompt\":\"a\",\"raw\":true,\"format\":\"json\","
              + "\"options\":{\"num_predict\":3}}",
          "{\"model\":\"letters\",\"input\":[\"a\"],\"truncate\":false,\"keep_alive\":5}",
          "{\"model\":\"letters\",\"prompt\":\"a\",\"options\":{\"num_predict\":3}}",
          "{\"model\":\"letters:latest\",\"verbose\":true}",
          "{\"model\":\"letters\",\"prompt\":\"text\",\"add_special_tokens\":false}",
          "{\"model\":\"letters\",\"tokens\":[1,2,3]}",
          "{\"model\":\"letters\",\"input\":[\"a\",\"b\"],\"dimensions\":1,\"user\":\"u\"}",
          "{\"model\":\"letters\",\"input\":[[1,2],[3]],\"encoding_format\":\"base64\"}",
          "--xYx\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--xYx\r\n"
              + "content-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
              + "{\"a\":1}\r\n--xYx--\r\n",
          "{\"input_file_id\":\"FILE\",\"endpoint\":\"/v1/completions\","
              + "\"completion_window\":\"24h\",\"metadata\":{\"k\":\"v\"}}");

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "1.5",
          "1e999999999",
          "9223372036854775808",
          "-0",
          "\"\"",
          "[]",
          "{}",
          "[[[]]]",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "2147483648",
          "{\"a\":1}",
          "\"letters\"",
          "[null]",
          "\"\\uffff\"",
          "1e-400",
          "[\"a\",1]");

  private static final Set<Integer> STATUSES = Set.of(200, 400, 404, 429);

  @TempDir private Path folder;
  private String file; // that was uploaded

  @Test
  void aThousandForEachRouteEndWell() throws Exception {
    send(1_000);
  }

  @Test
  @Tag("slow")
  void aHundredThousandForEachRouteEndWell() throws Exception {
    send(100_000);
  }

  private void send(int count) throws Exception {
    String given = System.getProperty("tests.seed", "");
    long seed = given.isEmpty() ? System.nanoTime() : Long.parseUnsignedLong(given, 16);
    var random = new Random(seed);
    try (var served = new Served("access-log=off", "batches=" + folder)) {
      file = BatchesTest.upload(served, "no requests\n");
      for (Route route : served.server.routes()) {
        if (route.bodyBytesMax() == 0) {
          continue;
        }
        var own = taken(served, route);
        for (int i = 0; i < count; i++) {
          // Mostly what gets far, and now and then what is meant for another route.
          var bodies = random.nextInt(4) > 0 ? own : BODIES;
          byte[] body = mutated(bodies.get(random.nextInt(bodies.size())), random);
          var response = send(served, route, body);
          check(
              route.path(),
              response,
              "-Dtests.seed=%s: %s %s"
                  .formatted(
                      Long.toHexString(seed),
                      route.path(),
                      new String(body, StandardCharsets.UTF_8)));
        }
      }
      Served.await(() -> served.server.underWay() == 0);
      assertEquals(0, served.model.underWay.get());
    }
  }

  /// The bodies that a route answers as they are: a new one needs at least one of its own here.
  private List<String> taken(Served served, Route route) throws Exception {
    var taken = new ArrayList<String>();
    for (String each : BODIES) {
      String body = each.replace("FILE", file);
      if (send(served, route, body.getBytes(StandardCharsets.UTF_8)).statusCode() == 200) {
        taken.add(body);
      }
    }
    assertFalse(taken.isEmpty(), () -> "add a body to BODIES that " + route.path() + " takes");
    return taken;
  }

  private HttpResponse<String> send(Served served, Route route, byte[] body) throws Exception {
    String path = route.path().replaceAll("\\{[^}]*}", "letters");
    return served.send(
        served
            .request(path, "content-type", mediaType(route))
            .method(route.method(), BodyPublishers.ofByteArray(body)));
  }

  static String mediaType(Route route) {
    return route.path().equals("/v1/files")
        ? "multipart/form-data; boundary=xYx"
        : "application/json";
  }

  private static void check(String path, HttpResponse<String> response, String where) {
    String answer = where + "\n" + response.body();
    assertTrue(STATUSES.contains(response.statusCode()), answer);
    if (response.statusCode() != 200) {
      checkError(path, json(response.body()).get("error"), answer);
      assertFalse(response.body().contains("Exception"), answer);
    }
  }

  /// An error looks as its API has it.
  private static void checkError(String path, JsonNode error, String answer) {
    if (path.startsWith("/api/")) {
      assertTrue(error.isString(), answer);
      return;
    }
    assertTrue(error.get("message").isString() && error.get("type").isString(), answer);
    if (!path.startsWith("/v1/messages")) {
      assertTrue(error.get("code").isString() && error.has("param"), answer);
    }
  }

  private static byte[] mutated(String body, Random random) {
    String text = body;
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      text = changed(text, random);
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > 0 && random.nextInt(10) == 0) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return bytes;
  }

  private static String changed(String text, Random random) {
    if (text.isEmpty()) {
      return text;
    }
    int at = random.nextInt(text.length());
    return switch (random.nextInt(4)) {
      // A value for another.
      case 0 -> {
        int colon = text.indexOf(':', at);
        int end = colon < 0 ? -1 : text.indexOf(',', colon);
        String value = VALUES.get(random.nextInt(VALUES.size()));
        yield end < 0 ? text : text.substring(0, colon + 1) + value + text.substring(end);
      }
      // A part left out, said twice, or put elsewhere.
      case 1 -> text.substring(0, at) + text.substring(Math.min(text.length(), at + 5));
      case 2 -> text.substring(0, at) + text.substring(Math.max(0, at - 9));
      default -> text.substring(0, at) + (char) (32 + random.nextInt(95)) + text.substring(at);
    };
  }
}
