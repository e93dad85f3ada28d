package dev.educe.template.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// What real templates write for an assistant's tool calls is read back as those calls.
class GoldenCallsTest {
  private static final List<String> ONE = List.of("get_weather {\"city\":\"Paris\"}");

  private static final List<String> TWO =
      List.of(
          "get_weather {\"city\":\"Paris\"}",
          "get_weather {\"city\":\"Rome\",\"unit\":\"celsius\"}");

  /// These leave tool calls out, or all but the first.
  private static final List<String> WITHOUT_CALLS =
      List.of(
          "HuggingFaceTB-SmolLM3-3B",
          "LFM2-8B-A1B",
          "deepseek-ai-DeepSeek-R1-Distill-Llama-8B",
          "ibm-granite-granite-3.3-2B-Instruct",
          "llama-cpp-rwkv-world",
          "microsoft-Phi-3.5-mini-instruct");

  @Test
  void callsAreReadBack() throws IOException {
    var differences = new ArrayList<String>();
    int rows = 0;
    for (Path file : templates()) {
      String name = file.getFileName().toString().replace(".jinja", "");
      var format = ReplyFormat.detect(Files.readString(file));
      for (var row : rows(name)) {
        if (row.containsKey("text") && !WITHOUT_CALLS.contains(name)) {
          rows += check(name, format, row, differences);
        }
      }
    }
    assertEquals(List.of(), differences);
    assertTrue(rows >= 40, "only " + rows + " rows");
  }

  private static int check(
      String name, ReplyFormat format, Map<String, String> row, List<String> differences) {
    List<String> wanted;
    String turn;
    if (row.get("conversation").equals("tool-call-and-result")) {
      wanted = ONE;
      turn = between(row.get("text"), "Weather in Paris?", "celsius\\\": 18", "celsius\": 18");
    } else if (row.get("conversation").equals("parallel-tool-calls")) {
      wanted = name.startsWith("GigaChat") ? ONE : TWO;
      turn = between(row.get("text"), "Paris and Rome?", "18");
    } else {
      return 0;
    }
    var read =
        Replies.read(format, "", turn).stream()
            .filter(line -> line.startsWith("call "))
            .map(line -> line.substring(5).replaceAll(" #\\S+", ""))
            .toList();
    if (!read.equals(wanted)) {
      differences.add(name + " as " + format.name() + ": " + turn + "\n" + read);
    }
    return 1;
  }

  /// The text of the assistant's turn, with some of what stands around it.
  private static String between(String text, String start, String... ends) {
    String turn = text.substring(text.lastIndexOf(start) + start.length());
    for (String end : ends) {
      int at = turn.indexOf(end);
      turn = at < 0 ? turn : turn.substring(0, at);
    }
    // Where JSON alone is a call, it must be the first of the turn.
    int header = turn.indexOf("<|end_header_id|>\n\n");
    return header < 0 ? turn : turn.substring(header + "<|end_header_id|>\n\n".length());
  }

  private static List<Map<String, String>> rows(String name) {
    var file = TestData.file("golden", "templates", name + ".json").toFile();
    return JsonMapper.shared().readValue(file, new TypeReference<>() {});
  }

  private static List<Path> templates() throws IOException {
    try (Stream<Path> files = Files.list(TestData.file("templates"))) {
      return files.filter(file -> file.toString().endsWith(".jinja")).sorted().toList();
    }
  }
}
