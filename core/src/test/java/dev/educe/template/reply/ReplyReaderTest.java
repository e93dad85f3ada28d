package dev.educe.template.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class ReplyReaderTest {
  @Test
  void samplesAreRead() {
    var differences = new ArrayList<String>();
    for (var sample : Sample.ALL) {
      var read = Replies.read(sample.reader(), List.of(sample.text()), false);
      if (!read.equals(sample.expected())) {
        differences.add(
            String.join("\n  ", Stream.concat(Stream.of(sample.text()), read.stream()).toList()));
      }
    }
    assertEquals("", String.join("\n\n", differences));
  }

  @Test
  void anySplitReadsTheSame(Random random) {
    for (var sample : Sample.ALL) {
      String text = sample.text();
      for (int at = 0; at <= text.length(); at++) {
        var halves = List.of(text.substring(0, at), text.substring(at));
        assertEquals(sample.expected(), Replies.read(sample.reader(), halves, false));
      }
      assertEquals(
          sample.expected(),
          Replies.read(
              sample.reader(), text.chars().mapToObj(Character::toString).toList(), false));
      for (int i = 0; i < 30; i++) {
        var pieces = Replies.pieces(text, random, 1 + random.nextInt(12));
        assertEquals(sample.expected(), Replies.read(sample.reader(), pieces, false));
      }
    }
  }

  /// Cut anywhere, what is shown is the beginning of what the whole shows, and never part of a
  /// marker. [Replies] checks that arguments are the beginning of JSON.
  @Test
  void whatIsCutShowsNoMoreThanTheWhole() {
    int cuts = 0;
    for (var sample : Sample.ALL) {
      String shown = shown(sample.expected());
      for (int at = 0; at < sample.text().length(); at++, cuts++) {
        String text = sample.text().substring(0, at);
        var read = Replies.read(sample.reader(), List.of(text), true);
        String beginning = shown(read);
        assertTrue(
            shown.startsWith(beginning) || isBareJson(sample),
            () -> text + "\n" + read + "\n" + sample.expected());
      }
    }
    assertTrue(cuts > 5000, "only " + cuts);
  }

  /// Without a marker, what is cut before it is a call is content.
  private static boolean isBareJson(Sample sample) {
    return sample.text().startsWith("{") || sample.text().startsWith("[");
  }

  /// All text that was shown, without what is known at the end of a call only.
  private static String shown(List<String> lines) {
    return String.join("", lines.stream().map(line -> line.replaceAll("^cut ", "")).toList())
        .replaceAll("[⏎ ]+$", "");
  }

  @Test
  void withoutToolsNothingIsACall() {
    for (var sample : Sample.ALL) {
      var parts = new ArrayList<ReplyPart>();
      var reader = sample.format().reader(List.of(), sample.prompt());
      reader.accept(sample.text(), parts::add);
      reader.finish(false, parts::add);
      assertTrue(
          parts.stream()
              .allMatch(part ->
                  part instanceof ReplyPart.Content || part instanceof ReplyPart.Reasoning));
    }
  }

  @Test
  void namesComeBeforeArgumentsAndArgumentsAsTheyAreWritten() {
    var parts = new ArrayList<ReplyPart>();
    var reader = ReplyFormat.detect("<tool_call>").reader(Replies.TOOLS, "");
    reader.accept("<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"ci", parts::add);
    assertEquals(
        List.of(
            new ReplyPart.CallBegin(0, "", "get_weather"), new ReplyPart.CallArguments(0, "{\"ci")),
        parts);
  }

  @Test
  void aReaderTellsHowToEndReasoning() {
    var reader = ReplyFormat.detect("<think>").reader(List.of(), "user<think>\n");
    assertTrue(reader.insideReasoning());
    assertEquals("\n</think>\n\n", reader.closing());
    reader.accept("Hm." + reader.closing(), _ -> {});
    assertFalse(reader.insideReasoning());
    assertEquals("", reader.closing());
    for (var sample : Sample.ALL) {
      for (var syntax : sample.format().reasoning()) {
        var read =
            Replies.read(sample.format(), "", syntax.open() + "Hm." + syntax.closing() + "Yes.");
        assertEquals(List.of("reasoning Hm.", "content Yes."), read, sample.signs());
      }
    }
  }

  @Test
  void theBeginningOfAMarkerIsShownIfTheModelEndedThere() {
    var format = ReplyFormat.detect("<tool_call>");
    assertEquals(List.of("content a <tool"), Replies.read(format, "", "a <tool"));
    var reader = format.reader(Replies.TOOLS, "");
    assertEquals(List.of("content a"), Replies.read(reader, List.of("a<tool"), true));
    assertEquals(List.of(), Replies.read(format, "", "<|tool_call|>").stream().skip(1).toList());
  }

  @Test
  void aControlMarkerAloneIsNotShown() {
    var format = ReplyFormat.detect("<|start_of_role|>");
    assertEquals(List.of("content Yes."), Replies.read(format, "", "Yes. <|tool_call|>"));
  }

  @Test
  void aFinishedReplyTakesNoMore() {
    var reader = ReplyFormat.detect("").reader(List.of(), "");
    reader.finish(false, _ -> {});
    assertThrows(IllegalStateException.class, () -> reader.accept("x", _ -> {}));
  }

  @Test
  void halfACharacterWaitsForTheOther() {
    var parts = new ArrayList<ReplyPart>();
    var reader = ReplyFormat.detect("").reader(List.of(), "");
    reader.accept("a\ud83d", parts::add);
    reader.accept("\ude00", parts::add);
    assertEquals(List.of(new ReplyPart.Content("a"), new ReplyPart.Content("😀")), parts);
  }

  @Test
  void whatIsHeldBackIsBounded() {
    var format = ReplyFormat.detect("<tool_call> <function=");
    for (String text :
        List.of(
            "<tool_call>{\"arguments\": {\"a\": \"" + "x".repeat(5000),
            "<tool_call>{\"" + "x".repeat(5000),
            "<tool_call>" + " ".repeat(5000) + ".",
            "<tool_call><function=" + "x".repeat(5000),
            "<tool_call>" + "[".repeat(5000))) {
      var reader = new ReplyReader(format, Replies.TOOLS, "", 1000);
      assertEquals(List.of("content " + text), Replies.read(reader, List.of(text), false), text);
    }
    var reader = new ReplyReader(format, Replies.TOOLS, "", 1000);
    String value = "9".repeat(5000);
    assertEquals(
        List.of("call get_time {\"a\":\"" + value + "\"}"),
        Replies.read(
            reader,
            List.of("<function=get_time><parameter=a>" + value + "</parameter></function>"),
            false));
  }

  @Test
  void nestingIsBounded() {
    var format = ReplyFormat.detect("<tool_call>");
    String deep = "[".repeat(1000);
    var read =
        Replies.read(
            format, "", "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": " + deep + "0");
    assertEquals("cut call f {\"a\":" + "[".repeat(99), read.getFirst());
    assertEquals("content " + "[".repeat(901) + "0", read.get(1));
  }

  /// What a grammar forces by the description is what the reader reads.
  @Test
  void callsWrittenByTheDescriptionAreReadBack() {
    int written = 0;
    for (var sample : Sample.ALL) {
      for (var syntax : sample.format().calls()) {
        var form = syntax.form();
        boolean isJson =
            !(form instanceof CallForm.Named named)
                || named.arguments() instanceof ArgumentSyntax.Json;
        if (!isJson || form instanceof CallForm.Code || form.beforeName().equals("<server_name>")) {
          continue;
        }
        String call =
            form.beforeName()
                + "get_weather"
                + form.afterName()
                + "{\"city\":\"Paris\"}"
                + form.afterArguments();
        String calls = syntax.separator().map(between -> call + between + call).orElse(call);
        int count = syntax.separator().isEmpty() ? 1 : 2;
        var read =
            Replies.read(sample.format(), "", syntax.open() + calls + syntax.close()).stream()
                .map(line -> line.replaceAll(" #\\S+", ""))
                .toList();
        var expected = List.of("call get_weather {\"city\":\"Paris\"}");
        assertEquals(
            count == 1 ? expected : List.of(expected.getFirst(), expected.getFirst()),
            read,
            sample.format().name());
        written++;
      }
    }
    assertTrue(written > 50, "only " + written);
  }
}
