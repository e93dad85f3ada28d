package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.Connection.Answer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// Every number and flag at and beyond its bounds, absent, and of any other type.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ParametersTest {
  /// Path, parameter, kind, and the bounds of a number.
  static final String PARAMETERS =
      """
      /v1/completions max_tokens integer 0 2147483647
      /v1/completions min_tokens integer 0 2147483647
      /v1/completions n integer 1 128
      /v1/completions best_of integer 1 20
      /v1/completions logprobs integer 0 5
      /v1/completions seed integer -9223372036854775808 9223372036854775807
      /v1/completions temperature number 0 2
      /v1/completions top_p number 0 1
      /v1/completions min_p number 0 1
      /v1/completions top_k integer 0 4194304
      /v1/completions presence_penalty number -2 2
      /v1/completions frequency_penalty number -2 2
      /v1/completions repetition_penalty number 0.01 10
      /v1/completions echo flag
      /v1/completions stream flag
      /v1/completions ignore_eos flag
      /v1/completions stop texts
      /v1/completions user text
      /v1/completions logit_bias object
      /v1/chat/completions max_tokens integer 1 2147483647
      /v1/chat/completions max_completion_tokens integer 1 2147483647
      /v1/chat/completions n integer 1 128
      /v1/chat/completions seed integer -9223372036854775808 9223372036854775807
      /v1/chat/completions temperature number 0 2
      /v1/chat/completions top_p number 0 1
      /v1/chat/completions presence_penalty number -2 2
      /v1/chat/completions frequency_penalty number -2 2
      /v1/chat/completions logprobs flag
      /v1/chat/completions stream flag
      /v1/chat/completions parallel_tool_calls flag
      /v1/chat/completions store flag
      /v1/chat/completions include_reasoning flag
      /v1/chat/completions stop texts
      /v1/chat/completions user text
      /v1/chat/completions metadata object
      /v1/chat/completions logit_bias object
      /v1/chat/completions response_format object
      /v1/chat/completions tools objects
      /v1/responses max_output_tokens integer 1 2147483647
      /v1/responses max_tool_calls integer 1 2147483647
      /v1/responses top_logprobs integer 0 20
      /v1/responses temperature number 0 2
      /v1/responses top_p number 0 1
      /v1/responses parallel_tool_calls flag
      /v1/responses store flag
      /v1/responses stream flag
      /v1/responses instructions text
      /v1/responses metadata object
      /v1/responses reasoning object
      /v1/responses text object
      /v1/responses tools objects
      /v1/embeddings dimensions integer 1 2
      /v1/embeddings user text
      /v1/embeddings encoding_format text
      /v1/messages max_tokens integer 1 2147483647
      /v1/messages temperature number 0 1
      /v1/messages top_p number 0 1
      /v1/messages top_k integer 0 4194304
      /v1/messages stream flag
      /v1/messages stop_sequences texts
      /v1/messages metadata object
      /v1/messages output_config object
      /v1/messages tools objects
      /api/chat stream flag
      /api/chat options object
      /api/chat tools objects
      /api/generate raw flag
      /api/generate system text
      /api/embed truncate flag
      /api/embed dimensions integer 0 2
      /v1/tokenize add_special_tokens flag
      """;

  static final List<String> OTHERS =
      List.of("true", "1", "1.5", "\"x\"", "[]", "[1]", "{}", "{\"a\":1}", "\"\"");

  private Served served;
  private Connection connection;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
    connection = new Connection(served);
  }

  @AfterAll
  void stop() throws IOException {
    connection.close();
    served.close();
  }

  static String body(String path) {
    String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"say x\"}]";
    return switch (path) {
      case "/v1/completions", "/v1/tokenize", "/api/generate" -> "\"prompt\":\"say x\"";
      case "/v1/chat/completions", "/api/chat" -> messages;
      case "/v1/messages" -> messages + ",\"max_tokens\":3";
      default -> "\"input\":\"say x\"";
    };
  }

  /// Asks with a value for a parameter, in place of the one that may be there.
  private Answer ask(String path, String name, String value) throws IOException {
    String usual = body(path).replaceAll(",\"%s\":\\d+".formatted(name), "");
    String body = "{\"model\":\"letters\",%s,\"%s\":%s}".formatted(usual, name, value);
    return connection.send("POST", path, "application/json", body.getBytes(StandardCharsets.UTF_8));
  }

  private void takes(String path, String name, String value) throws IOException {
    var answer = ask(path, name, value);
    // What a flag asks for may be refused for another reason: a field that it needs.
    assertEquals(200, answer.status(), path + " " + name + " " + value + answer);
  }

  private void refuses(String path, String name, String value, String code) throws IOException {
    var answer = ask(path, name, value);
    String where = path + " " + name + " " + value + answer;
    assertEquals(400, answer.status(), where);
    var error = json(answer.body()).get("error");
    if (path.startsWith("/v1/") && !path.equals("/v1/messages")) {
      assertEquals(name, error.get("param").stringValue().replaceFirst("[\\[.].*", ""), where);
      assertTrue(error.get("code").stringValue().endsWith(code), where);
    } else {
      assertTrue(answer.body().contains(name), where);
    }
  }

  static boolean isOf(String kind, String value) {
    char first = value.charAt(0);
    return switch (kind) {
      case "flag" -> first == 't';
      case "text" -> first == '"';
      case "texts" -> first == '"' || first == '[';
      case "object" -> first == '{';
      case "objects" -> first == '[';
      case "integer" -> value.equals("1");
      case "number" -> first == '1';
      default -> throw new IllegalArgumentException(kind);
    };
  }

  @Test
  void everyParameterKeepsToItsTypeAndBounds() throws IOException {
    int asked = 0;
    for (String line : PARAMETERS.lines().toList()) {
      String[] words = line.split(" ");
      String path = words[0];
      String name = words[1];
      boolean isRequired = path.equals("/v1/messages") && name.equals("max_tokens");
      if (!isRequired) {
        takes(path, name, "null");
      }
      for (String other : OTHERS) {
        if (!isOf(words[2], other)) {
          refuses(path, name, other, "invalid_type");
          asked++;
        }
      }
      if (words[2].equals("flag")) {
        takes(path, name, "false");
      } else if (words.length == 5) {
        numbers(path, name, words[2].equals("integer"), words[3], words[4]);
      }
    }
    assertTrue(asked > 400, "only " + asked);
  }

  private void numbers(String path, String name, boolean isWhole, String min, String max)
      throws IOException {
    takes(path, name, min);
    boolean isTooMany = name.equals("n") || name.equals("best_of");
    if (!isTooMany) {
      takes(path, name, max);
    }
    var step = isWhole ? BigDecimal.ONE : new BigDecimal("0.0001");
    var below = new ArrayList<>(List.of("-1e99", "-9223372036854775809", "-1e999999999"));
    below.add(new BigDecimal(min).subtract(step).toPlainString());
    var above = new ArrayList<>(List.of("1e99", "9223372036854775808", "1e999999999"));
    above.add(new BigDecimal(max).add(step).toPlainString());
    for (String value : below) {
      refuses(path, name, value, "_below_min_value");
    }
    for (String value : above) {
      refuses(path, name, value, "_above_max_value");
    }
    if (isWhole) {
      refuses(path, name, "1.0000001", "invalid_type");
    }
    assertEquals(
        new BigDecimal(min).signum() <= 0 ? 200 : 400, ask(path, name, "-0").status(), name);
    // A number is refused by its length before it is one.
    for (String value : List.of("1".repeat(10_000), "1." + "1".repeat(10_000))) {
      refusedAsJson(path, name, value);
    }
    refusedAsJson(path, name, "NaN");
    refusedAsJson(path, name, "-Infinity");
    refusedAsJson(path, name, "+1");
    refusedAsJson(path, name, "01");
  }

  private void refusedAsJson(String path, String name, String value) throws IOException {
    var answer = ask(path, name, value);
    assertEquals(400, answer.status());
    assertTrue(answer.body().contains("JSON"), answer.body());
  }

  @Test
  @Timeout(60)
  void hugeBodiesAreServedOrRefused() throws IOException {
    String message = "{\"role\":\"user\",\"content\":\"a\"}";
    String chat = "{\"model\":\"letters\",\"messages\":[%s],\"max_tokens\":2}";
    var many = new StringBuilder(message);
    for (int i = 1; i < 100_000; i++) {
      many.append(',').append(message);
    }
    assertEquals(200, post("/v1/chat/completions", chat.formatted(many)).status());
    many.append(',').append(message);
    var tooMany = post("/v1/chat/completions", chat.formatted(many));
    assertTrue(tooMany.body().contains("array_above_max_length"), tooMany.body());
    String text = "x".repeat(8_388_608 - 200);
    var answer =
        post("/v1/chat/completions", chat.formatted(message.replace("\"a\"", '"' + text + '"')));
    assertTrue(answer.body().contains("context_length_exceeded"), () -> answer.body());
    String keys = keys("k");
    assertTrue(post("/v1/completions", keys).body().contains("unknown_parameter"));
    // Names that share a hash, of which there are as many as one likes.
    var same = new StringBuilder();
    for (int i = 0; i < 1 << 16; i++) {
      same.append(i == 0 ? '{' : ',').append('"');
      for (int bit = 0; bit < 16; bit++) {
        same.append((i >> bit & 1) == 0 ? "Aa" : "BB");
      }
      same.append("\":1");
    }
    var refused = post("/v1/completions", same.append('}').toString());
    assertEquals(400, refused.status());
    assertFalse(refused.body().length() > 1_000, "what was sent is not sent back");
  }

  private static String keys(String name) {
    var keys = new StringBuilder("{\"model\":\"letters\",\"prompt\":\"a\"");
    for (int i = 0; i < 200_000; i++) {
      keys.append(",\"").append(name).append(i).append("\":1");
    }
    return keys.append('}').toString();
  }

  private Answer post(String path, String body) throws IOException {
    return connection.send("POST", path, "application/json", body.getBytes(StandardCharsets.UTF_8));
  }
}
