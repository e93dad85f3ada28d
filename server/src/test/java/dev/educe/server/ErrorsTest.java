package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What clients are told of requests that are not served.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ErrorsTest {
  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
  }

  @AfterAll
  void stop() {
    served.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {} | missing_required_parameter | model
          {"model":"letters"} | missing_required_parameter | prompt
          {"model":7} | invalid_type | model
          {"model":"letters","prompt":true} | invalid_type | prompt
          {"model":"letters","prompt":[]} | empty_array | prompt
          {"model":"letters","prompt":""} | invalid_value | prompt
          {"model":"letters","prompt":[1,256]} | integer_above_max_value | prompt[1]
          {"model":"letters","prompt":[1,"a"]} | invalid_type | prompt[1]
          {"model":"letters","prompt":["a",1]} | invalid_type | prompt[1]
          {…"n":0} | integer_below_min_value | n
          {…"n":129} | integer_above_max_value | n
          {…"n":"2"} | invalid_type | n
          {…"n":1.5} | invalid_type | n
          {…"n":1e99} | integer_above_max_value | n
          {…"n":9223372036854775808} | integer_above_max_value | n
          {…"max_tokens":-1} | integer_below_min_value | max_tokens
          {…"max_tokens":2147483648} | integer_above_max_value | max_tokens
          {…"temperature":2.1} | decimal_above_max_value | temperature
          {…"temperature":1e999} | decimal_above_max_value | temperature
          {…"top_p":-0.1} | decimal_below_min_value | top_p
          {…"stream":1} | invalid_type | stream
          {…"stream_options":{}} | invalid_value | stream_options
          {…"stream_options":1} | invalid_type | stream_options
          {…"stream":true,"stream_options":{"include_usage":1}} | invalid_type |\
          stream_options.include_usage
          {…"stream":true,"stream_options":{"include_obfuscation":true}} |\
          unsupported_parameter | stream_options.include_obfuscation
          {…"stream":true,"stream_options":{"colour":1}} | unknown_parameter |\
          stream_options.colour
          {…"stop":["a","b","c","d","e"]} | array_above_max_length | stop
          {…"stop":[""]} | string_below_min_length | stop
          {…"stop":[1]} | invalid_type | stop[0]
          {…"logit_bias":{"256":1}} | invalid_value | logit_bias
          {…"logit_bias":{"1":101}} | decimal_above_max_value | logit_bias.1
          {…"logit_bias":[]} | invalid_type | logit_bias
          {…"logprobs":6} | integer_above_max_value | logprobs
          {…"n":3,"best_of":2} | invalid_value | best_of
          {…"best_of":21} | integer_above_max_value | best_of
          {…"best_of":2,"stream":true} | invalid_value | best_of
          {…"suffix":"b"} | unsupported_parameter | suffix
          {…"colour":"red"} | unknown_parameter | colour
          {"model":"none","prompt":"a"} | model_not_found | model
          """)
  void aWrongParameterIsNamed(String body, String code, String param) throws Exception {
    String whole = body.replace("…", "\"model\":\"letters\",\"prompt\":\"a\",");
    var response = served.post("/v1/completions", whole);
    var error = json(response.body()).get("error");
    assertEquals(code, error.get("code").stringValue(), response.body());
    assertEquals(param, error.get("param").stringValue());
    assertEquals("invalid_request_error", error.get("type").stringValue());
    assertEquals(code.equals("model_not_found") ? 404 : 400, response.statusCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "1",
        "nul",
        "{\"a\":1,}",
        "{\"a\":1}x",
        "{\"a\":1,\"a\":2}",
        "{a:1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":\"\\ud800\"}",
        "{\"\\ud800\":1}",
        "\uFEFF{}",
        "{\"a\":\"\u0001\"}",
        "// c\n{}"
      })
  void whatIsNoJsonIsRefused(String body) throws Exception {
    var response = served.post("/v1/completions", body);
    assertEquals(400, response.statusCode(), response.body());
    assertEquals("invalid_json", json(response.body()).at("/error/code").stringValue());
  }

  @Test
  void deepAndLongJsonIsRefused() throws Exception {
    for (String body :
        List.of(
            "{\"a\":" + "[".repeat(65),
            "{\"a\":".repeat(100_000),
            "[".repeat(1_000_000),
            "{\"a\":" + "9".repeat(1_000_000) + "}",
            "{\"" + "k".repeat(5_000) + "\":1}")) {
      var response = served.post("/v1/completions", body);
      assertEquals(400, response.statusCode());
      assertEquals("invalid_json", json(response.body()).at("/error/code").stringValue());
    }
  }

  @Test
  void otherEncodingsOfTextAreRefused() throws Exception {
    for (var charset : List.of("UTF-16LE", "UTF-32BE", "ISO-8859-1")) {
      var body = HttpRequest.BodyPublishers.ofByteArray("{\"ä\":1}".getBytes(charset));
      var response =
          served.send(
              served.request("/v1/completions", "content-type", "application/json").POST(body));
      assertEquals("invalid_json", json(response.body()).at("/error/code").stringValue());
    }
  }

  @Test
  void onlyPlainJsonIsTaken() throws Exception {
    var types =
        List.of("text/plain", "application/x-www-form-urlencoded", "application/json; charset=x");
    for (String type : types) {
      var response =
          served.send(
              served
                  .request("/v1/completions", "content-type", type)
                  .POST(HttpRequest.BodyPublishers.ofString("{}")));
      assertEquals(415, response.statusCode(), type);
    }
    for (String encoding : List.of("gzip", "br", "zstd", "gzip, gzip")) {
      assertEquals(
          415, served.post("/v1/completions", "{}", "content-encoding", encoding).statusCode());
    }
  }

  @Test
  void anAddressWithNothingIsNotFoundAndAWrongMethodNamesTheRightOne() throws Exception {
    var unknown = served.get("/v1/nothing");
    assertEquals(404, unknown.statusCode());
    assertEquals("not_found", json(unknown.body()).at("/error/code").stringValue());
    var wrong = served.get("/v1/completions");
    assertEquals(405, wrong.statusCode());
    assertEquals("POST", wrong.headers().firstValue("allow").orElseThrow());
    for (String path : List.of("/V1/models", "/v1//models", "/v1/models/", "/v1/models;x")) {
      assertTrue(List.of(400, 404).contains(served.get(path).statusCode()), path);
    }
  }

  @Test
  void anErrorTellsNothingOfTheServer() throws Exception {
    for (String path : List.of("/v1/nothing", "/v1/models/x", "/%zz", "/%00")) {
      String answer = served.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertTrue(answer.contains("x-request-id"), answer);
      for (String secret : List.of("java", "jetty", "Exception", "dev.educe", "\tat ", "Server:")) {
        assertFalse(answer.contains(secret), answer);
      }
    }
  }

  /// Before anything is made of what was sent: that of a storm would be work for nothing.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          /v1/completions | {"model":"letters","prompt":7}
          /v1/chat/completions | {"model":"letters","messages":[{"role":"user","content":"a"}]}
          /v1/responses | {"model":"letters","input":"a"}
          /v1/embeddings | {"model":"letters","input":"a"}
          /v1/messages | {"model":"letters","max_tokens":1,"messages":[]}
          /api/chat | {"model":"letters","messages":[{"role":"user","content":"a"}]}
          /api/generate | {"model":"letters","prompt":"a"}
          """)
  void aModelThatTakesNothingOnReadsNoPrompts(String path, String body) throws Exception {
    try (var own = new Served()) {
      own.model.isFull = true;
      var response = own.post(path, body);
      assertEquals(503, response.statusCode(), response.body());
      assertTrue(response.headers().firstValue("retry-after").isPresent());
      assertEquals(0, own.model.started.get());
      assertTrue(own.model.asked == null, "a conversation was written");
      own.model.isFull = false;
      assertTrue(own.post(path, body).statusCode() < 500);
    }
  }
}
