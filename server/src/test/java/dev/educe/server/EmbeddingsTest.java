package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/// `/v1/embeddings` against the fake model, whose vectors say how many tokens a text has.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddingsTest {
  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
  }

  @AfterAll
  void stop() {
    served.close();
  }

  private JsonNode post(int status, String rest) throws Exception {
    var response = served.post("/v1/embeddings", "{\"model\":\"letters\"," + rest + "}");
    assertEquals(status, response.statusCode(), response.body());
    return json(response.body());
  }

  @Test
  void everyShapeOfInputIsRead() throws Exception {
    assertEquals(3.0, post(200, "\"input\":\"abc\"").at("/data/0/embedding/0").doubleValue());
    assertEquals(2.0, post(200, "\"input\":[5,6]").at("/data/0/embedding/0").doubleValue());
    var many = post(200, "\"input\":[\"ab\",\"a\"],\"user\":\"u\",\"encoding_format\":\"float\"");
    assertEquals("list", many.get("object").stringValue());
    assertEquals("letters", many.get("model").stringValue());
    assertEquals("embedding", many.at("/data/1/object").stringValue());
    assertEquals(1, many.at("/data/1/index").intValue());
    assertEquals(1.0, many.at("/data/1/embedding/0").doubleValue());
    assertEquals(3, many.at("/usage/prompt_tokens").intValue());
    assertEquals(3, many.at("/usage/total_tokens").intValue());
    var ids = post(200, "\"input\":[[1,2,3],[4]]");
    assertEquals(2, ids.get("data").size());
    assertEquals(4, ids.at("/usage/total_tokens").intValue());
  }

  @Test
  void base64IsOfLittleEndianFloats() throws Exception {
    var body = post(200, "\"input\":\"abc\",\"encoding_format\":\"base64\"");
    byte[] bytes = Base64.getDecoder().decode(body.at("/data/0/embedding").stringValue());
    var floats = new float[2];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    assertArrayEquals(new float[] {3, -0.5f}, floats);
  }

  @Test
  void whatCannotBeReadIsNamed() throws Exception {
    error("missing_required_parameter", "input", "\"user\":\"u\"");
    error("invalid_type", "input", "\"input\":7");
    error("empty_array", "input", "\"input\":[]");
    error("invalid_value", "input", "\"input\":\"\"");
    error("invalid_value", "input[1]", "\"input\":[\"a\",\"\"]");
    error("invalid_value", "input[0]", "\"input\":[[]]");
    error("invalid_type", "input[1]", "\"input\":[[1],7]");
    error("integer_above_max_value", "input[1]", "\"input\":[1,256]");
    error("invalid_value", "encoding_format", "\"input\":\"a\",\"encoding_format\":\"int8\"");
    error("integer_above_max_value", "dimensions", "\"input\":\"a\",\"dimensions\":3");
    error("unknown_parameter", "inputs", "\"input\":\"a\",\"inputs\":1");
    String many = IntStream.range(0, 2_049).mapToObj(_ -> "\"a\"").collect(Collectors.joining(","));
    error("array_above_max_length", "input", "\"input\":[" + many + "]");
    var error =
        error(
            "context_length_exceeded",
            "input[1]",
            "\"input\":[\"a\",\"%s\"]".formatted("a".repeat(FakeModel.CONTEXT + 1)));
    assertEquals(
        "This model's maximum context length is 1,000 tokens, and 'input[1]' has 1,001.",
        error.get("message").stringValue());
  }

  private JsonNode error(String code, String param, String rest) throws Exception {
    var error = post(400, rest).get("error");
    assertEquals(code, error.get("code").stringValue());
    assertEquals(param, error.get("param").stringValue());
    assertEquals("invalid_request_error", error.get("type").stringValue());
    return error;
  }

  @Test
  void aClientThatLeavesEndsItsWork() throws Exception {
    try (var own = new Served()) {
      var socket = own.socket();
      String body = "{\"model\":\"letters\",\"input\":\"hold\"}";
      socket
          .getOutputStream()
          .write(
              ("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                      + "\r\nContent-Length: %d\r\n\r\n%s".formatted(body.length(), body))
                  .getBytes());
      Served.await(() -> own.model.underWay.get() == 1);
      socket.close();
      Served.await(() -> own.model.underWay.get() == 0);
    }
  }
}
