package dev.educe.template.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/// Reads replies for tests: the parts as lines of text, each kind of part joined.
///
/// Lines are `content …`, `reasoning …` and `call NAME [#ID] JSON`, with `cut` in front of a call
/// that is not complete; line breaks stand as `⏎`.
final class Replies {
  static final List<OfferedTool> TOOLS =
      List.of(
          new OfferedTool("get_weather", Set.of("city", "unit")),
          new OfferedTool("get_time", Set.of()),
          new OfferedTool("python", Set.of("code")),
          new OfferedTool("write_file", Set.of("path", "text")));

  private Replies() {}

  static List<String> read(ReplyReader reader, List<String> pieces, boolean cut) {
    var parts = new ArrayList<ReplyPart>();
    for (String piece : pieces) {
      reader.accept(piece, parts::add);
    }
    reader.finish(cut, parts::add);
    return lines(parts);
  }

  static List<String> read(ReplyFormat format, String prompt, String text) {
    return read(format.reader(TOOLS, prompt), List.of(text), false);
  }

  /// Joins the parts and checks that they come in an order that makes sense.
  private static List<String> lines(List<ReplyPart> parts) {
    var lines = new ArrayList<String>();
    var json = new StringBuilder();
    var begun = new ArrayList<ReplyPart.CallBegin>();
    String last = "";
    boolean open = false;
    for (var part : parts) {
      switch (part) {
        case ReplyPart.Content(String text) -> last = text(lines, last, "content ", text);
        case ReplyPart.Reasoning(String text) -> last = text(lines, last, "reasoning ", text);
        case ReplyPart.CallBegin call -> {
          assertFalse(open);
          assertEquals(begun.size(), call.index());
          assertFalse(call.name().isEmpty());
          begun.add(call);
          json.setLength(0);
          open = true;
        }
        case ReplyPart.CallArguments(int index, String delta) -> {
          assertTrue(open && index == begun.size() - 1 && !delta.isEmpty());
          json.append(delta);
        }
        case ReplyPart.CallEnd(int index, boolean complete) -> {
          assertTrue(open && index == begun.size() - 1);
          open = false;
          last = "call";
          lines.add(line(begun.getLast(), json.toString(), complete));
        }
      }
    }
    assertFalse(open, "a call has no end");
    return lines;
  }

  private static String text(List<String> lines, String last, String kind, String text) {
    assertFalse(text.isEmpty());
    String line = last.equals(kind) ? lines.removeLast() : kind;
    lines.add(line + text.replace('\n', '⏎'));
    return kind;
  }

  private static String line(ReplyPart.CallBegin call, String json, boolean complete) {
    if (complete) {
      assertTrue(JsonMapper.shared().readTree(json).isObject(), json);
    } else {
      assertBeginsJson(json);
    }
    String id = call.id().isEmpty() ? "" : " #" + call.id();
    return (complete ? "call " : "cut call ") + call.name() + id + " " + json;
  }

  /// Some continuation makes it valid JSON: it is closed by brackets, words and digits.
  private static void assertBeginsJson(String json) {
    var closers = new StringBuilder();
    boolean inText = false;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (inText && c == '\\') {
        i++;
      } else if (c == '"') {
        inText = !inText;
      } else if (!inText && (c == '{' || c == '[')) {
        closers.insert(0, c == '{' ? '}' : ']');
      } else if (!inText && (c == '}' || c == ']')) {
        closers.deleteCharAt(0);
      }
    }
    var ends =
        List.of(
            "",
            "0",
            "\"",
            "\":0",
            "\"\":0",
            ":0",
            "\\\"",
            "\\\":0",
            "0\"",
            "00\"",
            "000\"",
            "0000\"",
            "0\":0",
            "00\":0",
            "000\":0",
            "0000\":0",
            ",0",
            "\"\"");
    assertTrue(
        json.isEmpty() || ends.stream().anyMatch(end -> isJson(json + end + closers)),
        () -> "does not begin JSON: " + json);
  }

  private static boolean isJson(String text) {
    try {
      JsonMapper.shared().readTree(text);
      return true;
    } catch (tools.jackson.core.JacksonException _) {
      return false;
    }
  }

  /// The text in pieces of random lengths.
  static List<String> pieces(String text, Random random, int lengthMax) {
    var pieces = new ArrayList<String>();
    for (int at = 0; at < text.length(); ) {
      int end = Math.min(text.length(), at + random.nextInt(lengthMax + 1));
      pieces.add(text.substring(at, end));
      at = end;
    }
    return pieces;
  }
}
