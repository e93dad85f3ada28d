package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Parameters two by two: each absent, null, of another type, at its bounds, just beyond them and
/// far away. What is wrong is refused by its name, what is right is served unless the two
/// contradict each other, and nothing is a fault.
class PairsTest {
  /// Further parameters, of which more is asked than a type and bounds.
  private static final String MORE =
      """
      /v1/completions stream_options object
      /v1/completions suffix text
      /v1/completions prompt any required
      /v1/completions model text required
      /v1/chat/completions top_logprobs integer 0 20
      /v1/chat/completions stream_options object
      /v1/chat/completions tool_choice any
      /v1/chat/completions reasoning_effort text
      /v1/chat/completions service_tier text
      /v1/chat/completions modalities any
      /v1/chat/completions prediction any
      /v1/chat/completions audio any
      /v1/chat/completions top_k integer 0 4194304
      /v1/chat/completions min_p number 0 1
      /v1/chat/completions messages objects required
      /v1/chat/completions model text required
      /v1/responses tool_choice any
      /v1/responses include any
      /v1/responses truncation text
      /v1/responses previous_response_id text
      /v1/responses background flag
      /v1/responses input any required
      /v1/responses model text required
      /v1/messages system any
      /v1/messages tool_choice any
      /v1/messages thinking any
      /v1/messages service_tier text
      /v1/messages messages objects required
      /v1/messages model text required
      /api/chat think any
      /api/chat format any
      /api/chat keep_alive any
      /api/chat messages objects
      /api/chat model text required
      /api/generate stream flag
      /api/generate options object
      /api/generate suffix text
      /api/generate think any
      /api/generate format any
      /api/generate keep_alive any
      /api/generate model text required
      """;

  private static final int AHEAD = 16; // of their answers

  private static final List<String> ANY =
      List.of(
          "true", "0", "-1", "1e99", "\"\"", "\"x\"", "[]", "[[]]", "[null]", "{}", "{\"a\":1}");

  /// A parameter and how to get it wrong.
  private record Parameter(String name, String kind, boolean isRequired, String min, String max) {
    static Parameter of(String[] words) {
      boolean isBounded = words.length == 5;
      return new Parameter(
          words[1],
          words[2],
          words.length == 4 || words[0].equals("/v1/messages") && words[1].equals("max_tokens"),
          isBounded ? words[3] : "",
          isBounded ? words[4] : "");
    }

    boolean isNumber() {
      return !min.isEmpty();
    }
  }

  /// What a parameter is in a body.
  ///
  /// @param json empty if it is absent
  private record Value(String json, Verdict verdict) {}

  private enum Verdict {
    RIGHT,
    WRONG,
    /// It depends on more than its type.
    EITHER
  }

  private static List<Value> values(Parameter parameter) {
    var values = new ArrayList<Value>();
    var none = parameter.isRequired ? Verdict.EITHER : Verdict.RIGHT;
    values.add(new Value("", none));
    values.add(new Value("null", none));
    for (String other : parameter.kind.equals("any") ? ANY : ParametersTest.OTHERS) {
      boolean isOther =
          !parameter.kind.equals("any") && !ParametersTest.isOf(parameter.kind, other);
      values.add(new Value(other, isOther ? Verdict.WRONG : Verdict.EITHER));
    }
    if (parameter.isNumber()) {
      var min = new BigDecimal(parameter.min);
      var max = new BigDecimal(parameter.max);
      var step = new BigDecimal(parameter.kind.equals("integer") ? "1" : "0.0001");
      for (var right : List.of(min, min.add(step), max.subtract(step), max)) {
        values.add(new Value(right.toPlainString(), Verdict.EITHER));
      }
      for (String wrong :
          List.of(
              min.subtract(step).toPlainString(),
              max.add(step).toPlainString(),
              "-1e99",
              "1e99",
              "-9223372036854775809",
              "9223372036854775808",
              "1e999999999")) {
        values.add(new Value(wrong, Verdict.WRONG));
      }
    } else if (parameter.kind.equals("flag")) {
      values.add(new Value("false", Verdict.RIGHT));
    }
    return values;
  }

  private record Pair(String path, Parameter first, Value a, Parameter second, Value b) {
    byte[] request() {
      byte[] bytes = body().getBytes(StandardCharsets.UTF_8);
      return Connection.request("POST", path, "application/json", bytes);
    }

    String body() {
      var fields = new LinkedHashMap<String, String>();
      fields.put("model", "\"letters\"");
      for (String field : ParametersTest.body(path).split(",(?=\"max_tokens)")) {
        fields.put(field.split("\"")[1], field.substring(field.indexOf(':') + 1));
      }
      put(fields, first, a);
      put(fields, second, b);
      var body = new ArrayList<String>();
      fields.forEach((name, value) -> body.add("\"%s\":%s".formatted(name, value)));
      return '{' + String.join(",", body) + '}';
    }

    private static void put(Map<String, String> fields, Parameter parameter, Value value) {
      fields.remove(parameter.name);
      if (!value.json.isEmpty()) {
        fields.put(parameter.name, value.json);
      }
    }

    boolean isWrong() {
      return a.verdict == Verdict.WRONG || b.verdict == Verdict.WRONG;
    }

    boolean isRight() {
      return a.verdict == Verdict.RIGHT && b.verdict == Verdict.RIGHT;
    }

    boolean names(String text) {
      return text.contains(first.name) || text.contains(second.name);
    }
  }

  private static List<Pair> pairs() {
    var byPath = new LinkedHashMap<String, List<Parameter>>();
    for (String line : (ParametersTest.PARAMETERS + MORE).lines().toList()) {
      String[] words = line.split(" ");
      byPath.computeIfAbsent(words[0], _ -> new ArrayList<>()).add(Parameter.of(words));
    }
    var pairs = new ArrayList<Pair>();
    byPath.forEach((path, parameters) -> {
      for (int i = 0; i < parameters.size(); i++) {
        for (int j = i + 1; j < parameters.size(); j++) {
          for (Value a : values(parameters.get(i))) {
            for (Value b : values(parameters.get(j))) {
              pairs.add(new Pair(path, parameters.get(i), a, parameters.get(j), b));
            }
          }
        }
      }
    });
    return pairs;
  }

  @Test
  void fiveThousandPairsEndWell() throws IOException {
    send(5_000);
  }

  @Test
  @Tag("slow")
  void allPairsEndWell() throws IOException {
    send(Integer.MAX_VALUE);
  }

  private static void send(int count) throws IOException {
    var seed = Seed.given();
    var pairs = pairs();
    Collections.shuffle(pairs, seed.random());
    var some = pairs.subList(0, Math.min(count, pairs.size()));
    try (var served = new Served("access-log=off");
        var connection = new Connection(served)) {
      for (int at = 0; at < some.size(); at += AHEAD) {
        var next = some.subList(at, Math.min(some.size(), at + AHEAD));
        var answers = connection.send(next.stream().map(Pair::request).toList());
        for (int i = 0; i < next.size(); i++) {
          check(next.get(i), answers.get(i), seed);
        }
      }
      assertEquals(0, served.model.underWay.get());
    }
    assertTrue(some.size() >= 5_000, "only " + some.size());
  }

  private static void check(Pair pair, Connection.Answer answer, Seed seed) {
    String how = "%s: %s %s %s".formatted(seed, pair.path, pair.body(), answer);
    if (answer.status() == 200) {
      assertTrue(!pair.isWrong(), how);
      return;
    }
    assertTrue(!pair.isRight(), how);
    boolean isUnknown = answer.status() == 404 && pair.names("model previous_response_id");
    assertTrue(answer.status() == 400 || isUnknown, how);
    var error = json(answer.body()).get("error");
    boolean isOpenAi = pair.path.startsWith("/v1/") && !pair.path.equals("/v1/messages");
    assertTrue(pair.names(isOpenAi ? error.get("param").asString() : error.toString()), how);
  }
}
