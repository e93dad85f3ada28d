package dev.educe.template.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.template.Template;
import dev.educe.template.TemplateException;
import dev.educe.template.Value;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// A call that a real template renders is read back with the same arguments, whatever these are.
class RenderedCallsTest {
  private static final String QUESTION = "What do you do?";

  private static final Map<String, Object> ARGUMENTS =
      JsonMapper.shared()
          .readerForMapOf(Object.class)
          .readValue(
              """
              {"city": "Sant'Ana \\"do\\" Sul\\\\ {x} </b>\\nй 😀 18", "days": 3, "factor": -0.25,
               "dry": true, "tags": ["a", {"b": [], "c": false}], "zip": "04105"}
              """);

  @Test
  void argumentsOfAllKindsAreReadBack() throws IOException {
    var differences = new ArrayList<String>();
    int calls = 0;
    for (Path file : templates()) {
      String source = Files.readString(file);
      String text = turn(source);
      if (text.contains("get_weather")) {
        calls++;
        check(file, ReplyFormat.detect(source), text, differences);
      }
    }
    assertEquals("", String.join("\n\n", differences));
    assertTrue(calls >= 22, "only " + calls + " calls");
  }

  private static void check(Path file, ReplyFormat format, String text, List<String> differences) {
    var json = new StringBuilder();
    var ends = new ArrayList<Boolean>();
    var tool = new OfferedTool("get_weather", Set.of("city", "zip"));
    var reader = format.reader(List.of(tool), "");
    reader.accept(
        text,
        part -> {
          if (part instanceof ReplyPart.CallArguments(_, String delta)) {
            json.append(delta);
          } else if (part instanceof ReplyPart.CallEnd end) {
            ends.add(end.complete());
          }
        });
    reader.finish(false, _ -> {});
    var wanted = JsonMapper.shared().valueToTree(ARGUMENTS);
    boolean same =
        ends.equals(List.of(true)) && JsonMapper.shared().readTree(json.toString()).equals(wanted);
    if (!same) {
      differences.add(file + " as " + format.name() + ": " + text + "\n" + json);
    }
  }

  /// The turn of the assistant, or nothing if the template refuses the conversation.
  private static String turn(String source) {
    var call = Map.of("name", "get_weather", "arguments", ARGUMENTS);
    var calls = List.of(Map.of("id", "call00001", "type", "function", "function", call));
    var schema = Map.of("type", "object", "properties", Map.of());
    var tool = Map.of("name", "get_weather", "description", "Weather", "parameters", schema);
    var messages =
        List.of(
            Map.of("role", "user", "content", QUESTION),
            Map.of("role", "assistant", "content", "", "tool_calls", calls));
    try {
      var arguments =
          Map.of(
              "bos_token", Value.trusted("<s>"),
              "eos_token", Value.trusted("</s>"),
              "add_generation_prompt", Value.trusted(false),
              "messages", Value.content(messages),
              "tools", Value.content(List.of(Map.of("type", "function", "function", tool))));
      String text =
          Template.parse(source).render(arguments, LocalDateTime.of(2026, 1, 15, 9, 30)).text();
      String turn = text.substring(text.lastIndexOf(QUESTION) + QUESTION.length());
      int header = turn.indexOf("<|end_header_id|>\n\n");
      return header < 0 ? turn : turn.substring(header + "<|end_header_id|>\n\n".length());
    } catch (TemplateException _) {
      return "";
    }
  }

  private static List<Path> templates() throws IOException {
    try (Stream<Path> files = Files.list(TestData.file("templates"))) {
      return files.filter(file -> file.toString().endsWith(".jinja")).sorted().toList();
    }
  }
}
