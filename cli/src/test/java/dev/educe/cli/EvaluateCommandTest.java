package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.optimize.ImportanceMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  @TempDir static Path folder;

  private static String small;
  private static String smaller;
  private static String text;

  @BeforeAll
  static void make() throws IOException {
    small = made("llama-tiny-q8_0");
    smaller = made("llama-tiny-q4_0");
    Path file = Files.writeString(folder.resolve("text"), "abcd efgh ".repeat(40));
    text = file.toString();
  }

  private static String made(String shape) {
    String path = folder.resolve(shape + ".gguf").toString();
    var ran = Ran.educe("bench", "--make", shape, path);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    return path;
  }

  @Test
  void severalModelsAreOneTableAndAPicture() throws IOException {
    Path plot = folder.resolve("plot.svg");
    var ran =
        Ran.educe(
            "evaluate",
            small,
            smaller,
            "--on",
            text,
            "--against",
            small,
            "-c",
            "32",
            "--plot",
            plot.toString());
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().contains("a llama-tiny-q8_0.gguf"), ran.out());
    assertTrue(ran.out().contains("c llama-tiny-q4_0.gguf"), ran.out());
    assertTrue(ran.out().contains("same 1") && ran.out().contains("100.0 %"), ran.out());
    assertTrue(ran.out().contains("│"), ran.out());
    String svg = Files.readString(plot);
    assertTrue(svg.startsWith("<svg") && svg.contains("llama-tiny-q4_0.gguf"), svg);
  }

  @Test
  void programsGetTheSameFigures() {
    var json =
        Ran.educe("evaluate", small, smaller, "--on", text, "-c", "32", "--chunks", "3", "--json")
            .json();
    assertEquals(3, json.get("chunks").asInt());
    assertEquals(2, json.get("models").size());
    var model = json.get("models").get(1);
    assertEquals(3 * 15, model.get("tokens").asInt());
    assertTrue(model.get("bits_per_weight").asDouble() < 6, model.toString());
    assertTrue(model.get("perplexity").asDouble() > 1, model.toString());
    assertFalse(model.has("divergence"));
    var perplexity =
        Ran.educe("perplexity", smaller, text, "-c", "32", "--chunks", "3", "--json").json();
    assertEquals(
        perplexity.get("perplexity").asDouble(), model.get("perplexity").asDouble(), 1e-12);
  }

  @Test
  void theGateFailsWithASentence() {
    String[] gate = {
      "evaluate", smaller, "--on", text, "-c", "32", "--against", small, "--max-kld", "100"
    };
    assertEquals(ExitCode.OK, Ran.educe(gate).code());
    gate[gate.length - 1] = "1e-9";
    var failed = Ran.educe(gate);
    assertEquals(ExitCode.FAILED, failed.code());
    assertEquals(1, failed.err().lines().count(), failed.err());
    assertTrue(failed.err().contains("diverges by"), failed.err());
  }

  @Test
  void importanceIsMeasuredResumedAndAdded() throws IOException {
    Path whole = folder.resolve("whole.imatrix");
    Path parts = folder.resolve("parts.imatrix");
    imatrix(whole, "--chunks", "4");
    imatrix(parts, "--chunks", "2");
    var ran = imatrix(parts, "--chunks", "4", "--resume");
    assertTrue(ran.out().contains("4 chunks of 32 tokens"), ran.out());
    assertEquals(4, ImportanceMatrix.read(parts).chunks());
    float[] expected = ImportanceMatrix.read(whole).of("blk.0.attn_q.weight").orElseThrow();
    float[] found = ImportanceMatrix.read(parts).of("blk.0.attn_q.weight").orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 1e-5 * expected[i]);
    }
    assertTrue(imatrix(parts, "--chunks", "4", "--resume").out().contains("already"));
    imatrix(parts, "--chunks", "1", "--add", whole.toString());
    assertEquals(5, ImportanceMatrix.read(parts).chunks());
    var other =
        Ran.educe("imatrix", small, "--on", text, "-o", parts.toString(), "-c", "16", "--resume");
    assertTrue(other.err().contains("resume it with -c 32"), other.err());
  }

  @Test
  void pruningTellsWhatItTookAndWhatThatCost() {
    String out = folder.resolve("pruned.gguf").toString();
    String[] prune = {
      "prune", small, out, "--on", text, "-c", "32", "--layers", "1", "--ffn", "25%"
    };
    var ran = Ran.educe(prune);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().contains("dropped layers      ["), ran.out());
    assertTrue(ran.out().contains("before") && ran.out().contains("after"), ran.out());
    assertTrue(ran.err().contains("the model was quantized"), ran.err());
    assertEquals(ExitCode.OK, Ran.educe("run", out, "a", "-n", "3").code());
    prune[2] = small;
    assertTrue(Ran.educe(prune).err().contains("onto itself"));
  }

  private static Ran imatrix(Path output, String... options) {
    var arguments = new String[8 + options.length];
    String[] start = {"imatrix", small, "--on", text, "-c", "32", "-o", output.toString()};
    System.arraycopy(start, 0, arguments, 0, start.length);
    System.arraycopy(options, 0, arguments, start.length, options.length);
    var ran = Ran.educe(arguments);
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    return ran;
  }
}
