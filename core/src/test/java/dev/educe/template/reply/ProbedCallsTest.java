package dev.educe.template.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ProbedCallsTest {
  @Test
  void objectsBetweenUnknownMarkersAreReadBack() {
    assertReadBack("<|call|>\n{\"name\": \"%s\", \"arguments\": %s}\n<|end_call|>", "<|eot|>");
    assertReadBack("<fn>[{\"id\": \"x1\", \"tool\": \"%s\", \"input\": %s}]</fn>", "</s>");
    assertReadBack("{\"name\": \"%s\", \"parameters\": %s}", "<eot>");
  }

  @Test
  void namesOutsideOfTheObjectAreReadBack() {
    assertReadBack("<<call %s>>%s<</call>>", "<eot>");
    assertReadBack("@tool:%s\n%s\n", "<eot>");
  }

  @Test
  void aKnownFamilyIsNotProbed() {
    Function<List<String>, String> none =
        _ -> {
          throw new AssertionError("probed");
        };
    assertEquals("hermes", ReplyFormat.detect("<tool_call>", none).name());
  }

  @Test
  void aTemplateThatLeavesCallsOutSaysNothing() {
    assertEquals(ReplyFormat.detect(""), ReplyFormat.detect("", _ -> "<user>Hi<assistant><eot>"));
  }

  /// @param call with places for the name and the arguments
  private static void assertReadBack(String call, String end) {
    var format =
        ReplyFormat.detect(
            "",
            names ->
                "<user>Hi\n<assistant>\n"
                    + (names.isEmpty()
                        ? ""
                        : call.formatted(
                            names.getFirst(), "{\"probe_parameter\": \"probe_value\"}"))
                    + end);
    assertEquals("probed", format.name());
    assertEquals(
        List.of("call get_weather {\"city\":\"Paris\"}"),
        Replies.read(format, "", call.formatted("get_weather", "{\"city\": \"Paris\"}")).stream()
            .map(line -> line.replaceAll(" #\\S+", ""))
            .toList(),
        () -> format.toString());
  }
}
