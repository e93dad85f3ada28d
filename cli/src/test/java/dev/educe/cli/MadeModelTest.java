package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every command over a model that the command has made itself.
class MadeModelTest {
  @TempDir private static Path folder;
  private static String model;

  @BeforeAll
  static void make() {
    model = folder.resolve("tiny.gguf").toString();
    var ran = Ran.educe("bench", "--make", "llama-tiny-q4_0", model);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertEquals("", ran.out());
  }

  @Test
  void makingReplacesNothing() {
    var ran = Ran.educe("bench", "--make", "llama-tiny-q4_0", model);
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("educe: " + model + " exists already\n", ran.err());
  }

  @Test
  void aPromptIsEchoedAndContinuedAndNothingElseIsPrinted() {
    var ran = Ran.educe("run", model, "Once upon", "-n", "20", "--seed", "7");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().startsWith("Once upon"), ran.out());
    assertTrue(ran.err().matches("read \\d+ tokens at .* wrote \\d+ at .*, seed 7\n"), ran.err());
    var continuation = Ran.educe("run", model, "Once upon", "-n", "20", "--seed", "7", "--no-echo");
    assertEquals(ran.out(), "Once upon" + continuation.out());
    var json = Ran.educe("run", model, "Once upon", "-n", "20", "--seed", "7", "--json");
    assertEquals("", json.err());
    assertEquals(continuation.out(), json.json().get("text").asString());
    assertEquals(7, json.json().get("seed").asInt());
    assertEquals(json.json().get("generated_tokens").asInt(), json.json().get("tokens").size());
  }

  @Test
  void logprobsStandInTheJson() {
    String[] command = {
      "run", model, "Once", "-n", "6", "--temperature", "0", "--json", "--logprobs", "2"
    };
    var json = Ran.educe(command).json();
    assertEquals(json.get("tokens").size(), json.get("logprobs").size());
    for (int i = 0; i < json.get("tokens").size(); i++) {
      var each = json.get("logprobs").get(i);
      // The likeliest is what was taken.
      assertEquals(json.get("tokens").get(i).asInt(), each.get("token").asInt());
      assertEquals(each.get("token").asInt(), each.get("likeliest").get(0).get("token").asInt());
      assertEquals(2, each.get("likeliest").size());
      assertTrue(each.get("logprob").asDouble() < 0);
    }
    var alone = Ran.educe("run", model, "Once", "--logprobs", "2");
    assertEquals(ExitCode.USAGE, alone.code());
    assertTrue(alone.err().contains("together with --json"), alone.err());
  }

  @Test
  void aPromptFromStandardInputEndsBeforeItsLineEnd() {
    String[] command = {"run", model, "-n", "5", "--temperature", "0"};
    var expected = Ran.educe("run", model, "ab\ncd", "-n", "5", "--temperature", "0");
    assertEquals(expected.out(), Ran.reading("ab\ncd\n", command).out());
    assertEquals(expected.out(), Ran.reading("ab\ncd\r\n", command).out());
    assertEquals(expected.out(), Ran.reading("ab\ncd", command).out());
    assertNotEquals(expected.out(), Ran.reading("ab\ncd\n\n", command).out());
    assertFalse(expected.err().contains("seed"), expected.err());
  }

  @Test
  void aPromptThatLeavesNoRoomIsRefusedWithTheNumbers() {
    var ran = Ran.educe("run", model, "abc def ghi", "-c", "4");
    assertEquals(ExitCode.FAILED, ran.code());
    assertTrue(ran.err().matches("educe: the prompt has \\d+ tokens .*context of 4\n"), ran.err());
  }

  @Test
  void onATerminalTheTextEndsItsLine() {
    byte[] nothing = {};
    var ran = Ran.on("12", nothing, Map.of("NO_COLOR", "1"), "run", model, "Once", "-n", "3");
    assertTrue(ran.out().endsWith("\n"), ran.out());
    assertFalse(Ran.educe("run", model, "Once", "-n", "3", "--seed", "1").out().endsWith("\n"));
  }

  @Test
  void tokensAreListed() {
    var ran = Ran.educe("tokenize", model, "ab é", "--json");
    var pieces = ran.json().get("tokens").findValuesAsString("piece");
    assertEquals("<s>", pieces.getFirst());
    assertEquals("▁ab▁<0xC3><0xA9>", String.join("", pieces.subList(1, pieces.size())));
    assertEquals("      1  \"<s>\"\n", Ran.educe("tokenize", model, "").out());
    assertEquals("", Ran.educe("tokenize", model, "", "--no-bos").out());
    assertTrue(Ran.reading("a\n", "tokenize", model).out().endsWith("\"<0x0A>\"\n"));
    String[] special = {"tokenize", model, "</s>", "--no-bos", "--special"};
    assertEquals("      2  \"</s>\"\n", Ran.educe(special).out());
  }

  @Test
  void inputThatIsNotTextIsRefused() {
    var ran = Ran.on("", new byte[] {'a', (byte) 0xff}, Map.of(), "tokenize", model);
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("educe: standard input is not UTF-8 text: byte 0xff at offset 1\n", ran.err());
  }

  @Test
  void inspectingCountsParametersAndMemory() throws IOException {
    var json = Ran.educe("inspect", model, "--json", "--context", "1000").json();
    long embedding = 512 * 256;
    long layer = 256 * (256 + 128 + 128 + 256) + 3 * 256 * 768 + 2 * 256;
    assertEquals(2 * embedding + 2 * layer + 256, json.get("parameters").asLong());
    assertEquals("llama", json.get("architecture").asString());
    assertEquals(512, json.get("metadata").get("tokenizer.ggml.tokens").get("length").asInt());
    assertEquals(21, json.get("tensors").size());
    assertEquals(5, json.get("formats").get("F32").get("tensors").asInt());
    // Two layers, keys and values of two heads of 64.
    var memory = json.get("memory_bytes");
    assertEquals(1000 * 2 * 2 * 128 * 2, memory.get("kv_f16").asLong());
    assertEquals(1000 * 2 * 2 * 128 * 4, memory.get("kv_f32").asLong());
    assertEquals(1000 * 2 * 2 * (128 + 4 * 4), memory.get("kv_i8").asLong());
    assertTrue(memory.get("weights").asLong() < Files.size(Path.of(model)));
    String text = Ran.educe("inspect", model).out();
    assertTrue(text.contains("general.architecture") && text.contains("[768, 256]"), text);
  }

  @Test
  void logitsAreTheSameWithAllKernelsAndFitTheirSummary() throws IOException {
    var vector = folder.resolve("vector.bin");
    var scalar = folder.resolve("scalar.bin");
    logits("--kernels", "vector", "-o", vector.toString());
    logits("--kernels", "scalar", "-t", "1", "-o", scalar.toString());
    assertEquals(3 * 512 * 4, Files.size(vector));
    assertArrayEquals(Files.readAllBytes(scalar), Files.readAllBytes(vector));
    assertEquals(4, logits().out().lines().count());
    var ran = Ran.educe("logits", model, "--tokens", "1,512");
    assertEquals(ExitCode.USAGE, ran.code());
    assertTrue(ran.err().startsWith("educe: ids in --tokens must be 0 to 511, got 512\n"));
  }

  private static Ran logits(String... options) {
    var arguments = new String[4 + options.length];
    System.arraycopy(new String[] {"logits", model, "--tokens", "1,300,400"}, 0, arguments, 0, 4);
    System.arraycopy(options, 0, arguments, 4, options.length);
    var ran = Ran.educe(arguments);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    return ran;
  }

  @Test
  void perplexityNeedsTwoContextsAndSaysSo() throws IOException {
    var text = folder.resolve("text");
    Files.writeString(text, "abcdefgh ".repeat(10), StandardCharsets.UTF_8);
    var ran = Ran.educe("perplexity", model, text.toString(), "-c", "16");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().matches("(?s)\\[1].*,\nPPL = \\d+\\.\\d{4} \\+/- \\d+\\.\\d{5}\n"));
    var json = Ran.educe("perplexity", model, text.toString(), "-c", "16", "--json").json();
    assertEquals(json.get("chunks").asInt() * 7, json.get("tokens").asInt());
    var refused = Ran.educe("perplexity", model, text.toString(), "-c", "4096");
    assertEquals(ExitCode.FAILED, refused.code());
    assertTrue(refused.err().contains("8,192 are needed"), refused.err());
  }

  @Test
  void benchmarksHaveAMedianBetweenTheirEnds() {
    var ran =
        Ran.educe("bench", model, "-p", "16", "-n", "4", "-b", "1,3", "-r", "2", "--json").json();
    assertEquals(3, ran.get("tests").size());
    for (var test : ran.get("tests")) {
      double median = test.get("tokens_per_second").asDouble();
      assertTrue(test.get("least").asDouble() > 0, test.toString());
      assertTrue(median >= test.get("least").asDouble(), test.toString());
      assertTrue(median <= test.get("greatest").asDouble(), test.toString());
    }
    assertEquals("tg4 x3", ran.get("tests").get(2).get("test").asString());
  }
}
