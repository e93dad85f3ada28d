package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Messages and what JSON makes of them.
class MessageTest {
  private static Message read(String json) {
    return Message.of(
        JsonMapper.shared().readValue(json, new TypeReference<Map<String, Object>>() {}));
  }

  @Test
  void aMessageIsTheSameAfterJson() {
    var call = new ToolCall("c1", "weather", "{\"city\":\"Paris\"}");
    var messages =
        List.of(
            Message.system("Be brief."),
            Message.user("Hi \"you\"\n"),
            Message.assistant("Hello"),
            new Message.Assistant("", "let me see", List.of(call)),
            Message.result(call, "sunny"));
    for (var message : messages) {
      assertEquals(message, read(JsonMapper.shared().writeValueAsString(message.fields())));
    }
  }

  @Test
  void whatOthersWriteIsUnderstood() {
    assertEquals(
        Message.system("x"), read("{'role':'developer','content':'x'}".replace('\'', '"')));
    assertEquals(
        Message.user("a\nb"),
        read(
            "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                + "{\"type\":\"text\",\"text\":\"b\"}]}"));
    assertEquals(
        new Message.Assistant("", "", List.of(new ToolCall("", "f", "{\"a\":1}"))),
        read(
            "{\"role\":\"assistant\",\"content\":null,"
                + "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]}"));
  }

  @Test
  void whatIsNoMessageIsRefusedByName() {
    refused(
        "content[0] is of the type 'image_url', which is not supported",
        "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}");
    refused("content[0] must be an object", "{\"role\":\"user\",\"content\":[1]}");
    refused("content[0].text must be", "{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}");
    refused("content must be", "{\"role\":\"user\",\"content\":1}");
    refused("role must be", "{\"role\":\"critic\",\"content\":\"\"}");
    refused("role must be a text", "{\"role\":1,\"content\":\"\"}");
    refused("tool_calls must be a list", "{\"role\":\"assistant\",\"tool_calls\":{}}");
    refused("tool_calls[0] must be", "{\"role\":\"assistant\",\"tool_calls\":[{}]}");
    for (String arguments : List.of("{", "[1]", "null", "1")) {
      refused(
          "tool_calls[0].function.arguments must be a JSON object",
          "{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\""
              + arguments
              + "\"}}]}");
    }
  }

  @Test
  void aListOfCallsDoesNotChangeAnyMore() {
    var calls = Arrays.asList(new ToolCall("", "f", "{}"));
    var message = new Message.Assistant("", "", calls);
    Collections.fill(calls, new ToolCall("", "g", "{}"));
    assertEquals("f", message.calls().getFirst().name());
  }

  private static void refused(String sentence, String json) {
    var failure = assertThrows(IllegalArgumentException.class, () -> read(json));
    assertEquals(sentence, failure.getMessage().substring(0, sentence.length()));
  }
}
