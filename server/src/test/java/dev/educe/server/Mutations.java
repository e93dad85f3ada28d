package dev.educe.server;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/// Bodies of requests, and what chance makes of them: half the time the text is changed, which
/// mostly ends it as JSON, and half the time its tree, which lets the change get further.
final class Mutations {
  /// For every route at least one that it takes as it is.
  static final List<String> BODIES =
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
          "[\"a\",1]",
          "2",
          "false",
          "\"a\"",
          "\"auto\"",
          "\"required\"",
          "{\"type\":\"object\"}");

  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final Map<String, JsonNode> TREES =
      BODIES.stream()
          .filter(body -> body.startsWith("{"))
          .collect(Collectors.toMap(body -> body, MAPPER::readTree));
  private static final List<Place> PLACES =
      TREES.values().stream().flatMap(tree -> places(tree).stream()).toList();

  private Mutations() {}

  /// A body with one to three changes.
  static byte[] of(String body, Random random) {
    int changes = 1 + random.nextInt(3);
    if (body.startsWith("{") && random.nextBoolean()) {
      var known = TREES.get(body);
      JsonNode tree = known == null ? MAPPER.readTree(body) : known.deepCopy();
      for (int i = 0; i < changes; i++) {
        change(places(tree), random);
      }
      return MAPPER.writeValueAsBytes(tree);
    }
    String text = body;
    for (int i = 0; i < changes; i++) {
      text = changed(text, random);
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > 0 && random.nextInt(10) == 0) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return bytes;
  }

  /// Where a value stands: by its name in an object, or by its index in an array.
  private record Place(JsonNode in, String name, int index) {
    JsonNode value() {
      return in instanceof ArrayNode array ? array.get(index) : in.get(name);
    }

    void put(JsonNode value) {
      if (in instanceof ArrayNode array) {
        array.set(index, value);
      } else if (in instanceof ObjectNode object) {
        object.set(name, value);
      }
    }
  }

  private static List<Place> places(JsonNode tree) {
    var places = new ArrayList<Place>();
    for (String name : tree.propertyNames()) {
      places.add(new Place(tree, name, -1));
      places.addAll(places(tree.get(name)));
    }
    for (int i = 0; tree.isArray() && i < tree.size(); i++) {
      places.add(new Place(tree, "", i));
      places.addAll(places(tree.get(i)));
    }
    return places;
  }

  private static void change(List<Place> places, Random random) {
    if (places.isEmpty()) {
      return;
    }
    var place = places.get(random.nextInt(places.size()));
    switch (random.nextInt(5)) {
      case 0, 1 -> place.put(value(random));
      case 2 -> {
        if (place.in() instanceof ObjectNode object) {
          object.remove(place.name());
        }
      }
      // What stands elsewhere, in this body or in one for another route; and the same beside it.
      case 3 -> place.put(elsewhere(random).value().deepCopy());
      default -> {
        var other = elsewhere(random);
        if (place.in() instanceof ObjectNode object && !other.name().isEmpty()) {
          object.set(other.name(), other.value().deepCopy());
        } else if (place.in() instanceof ArrayNode array) {
          array.add(place.value().deepCopy());
        }
      }
    }
  }

  private static JsonNode value(Random random) {
    String text = VALUES.get(random.nextInt(VALUES.size()));
    return JsonNodeFactory.instance.rawValueNode(new RawValue(text));
  }

  private static Place elsewhere(Random random) {
    return PLACES.get(random.nextInt(PLACES.size()));
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
