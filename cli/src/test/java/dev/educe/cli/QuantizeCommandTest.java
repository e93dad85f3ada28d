package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `educe quantize` over a model that the command has made itself.
class QuantizeCommandTest {
  @TempDir private static Path folder;
  private static String model;

  @BeforeAll
  static void make() {
    model = folder.resolve("tiny.gguf").toString();
    assertEquals(ExitCode.OK, Ran.educe("bench", "--make", "llama-tiny-f16", model).code());
  }

  @Test
  void whatIsWrittenIsSmallerAndRuns() throws IOException {
    Path out = folder.resolve("q4.gguf");
    var ran = Ran.educe("quantize", model, out.toString(), "q4_k_m", "-t", "2");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertEquals("", ran.err());
    assertTrue(ran.out().contains("bits per weight"), ran.out());
    assertTrue(Files.size(out) < Files.size(Path.of(model)) / 2);
    var text = Ran.educe("run", out.toString(), "Once", "-n", "5");
    assertEquals(ExitCode.OK, text.code(), text.err());
  }

  @Test
  void aDryRunShowsThePlanAndWritesNothing() {
    var ran = Ran.educe("quantize", model, "Q4_0", "--dry-run", "--tensor", "ffn_down=q8_0");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().contains("blk.0.ffn_down.weight"), ran.out());
    assertTrue(ran.out().contains("→ Q8_0"), ran.out());
    assertFalse(Files.exists(Path.of("Q4_0")));
    var budget = Ran.educe("quantize", model, "--dry-run", "--budget", "6bpw");
    assertEquals(ExitCode.OK, budget.code(), budget.err());
    assertTrue(budget.out().contains("bits per weight"), budget.out());
  }

  @Test
  void aTextCalibrates() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "Once upon a time. ".repeat(200));
    Path out = folder.resolve("calibrated.gguf");
    var ran =
        Ran.educe("quantize", model, out.toString(), "IQ4_XS", "--calibration", text.toString());
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertEquals(ExitCode.OK, Ran.educe("run", out.toString(), "Once", "-n", "5").code());
    var budget =
        Ran.educe(
            "quantize", model, "--dry-run", "--budget", "6bpw", "--calibration", text.toString());
    assertEquals(ExitCode.OK, budget.code(), budget.err());
    assertTrue(budget.out().contains("bits per weight"), budget.out());
  }

  @Test
  void aFolderThatIsNoCheckpointIsRefusedInASentence() throws IOException {
    String empty = Files.createDirectories(folder.resolve("empty")).toString();
    var nothing = Ran.educe("quantize", empty, folder.resolve("out.gguf").toString(), "F16");
    assertEquals(ExitCode.FAILED, nothing.code());
    assertTrue(nothing.err().contains("a folder with config.json, tokenizer.json"), nothing.err());
    Files.writeString(folder.resolve("empty/config.json"), "{\"model_type\": \"gemma3\"}");
    var other = Ran.educe("quantize", empty, folder.resolve("out.gguf").toString(), "F16");
    assertEquals(ExitCode.FAILED, other.code());
    assertTrue(other.err().contains("'gemma3' are not read; there are llama,"), other.err());
    var run = Ran.educe("run", empty, "Once");
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("'educe quantize " + empty + " model.gguf F16'"), run.err());
  }

  @Test
  void quantizingTwiceIsWarnedOf() {
    String first = folder.resolve("first.gguf").toString();
    String second = folder.resolve("second.gguf").toString();
    assertEquals(ExitCode.OK, Ran.educe("quantize", model, first, "Q8_0").code());
    var ran = Ran.educe("quantize", first, second, "Q4_0");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.err().contains("warning"), ran.err());
  }

  @Test
  void mistakesAreOneSentence() {
    String out = folder.resolve("none.gguf").toString();
    for (String[] arguments :
        new String[][] {
          {"quantize"},
          {"quantize", model},
          {"quantize", model, out},
          {"quantize", model, out, "Q9"},
          {"quantize", model, out, "Q4_0", "--tensor", "ffn"},
          {"quantize", model, out, "Q4_0", "--budget", "4bpw"},
          {"quantize", model, out, "--budget", "4"},
          {"quantize", model, out, "Q4_0", "--threads", "-1"},
        }) {
      var ran = Ran.educe(arguments);
      assertEquals(ExitCode.USAGE, ran.code(), ran.err());
      assertEquals(2, ran.err().lines().count(), ran.err());
    }
    for (String[] arguments :
        new String[][] {
          {"quantize", model, model, "Q4_0"},
          {"quantize", model, folder.toString(), "Q4_0"},
          {"quantize", folder.resolve("missing.gguf").toString(), out, "Q4_0"},
          {"quantize", folder.toString(), out, "Q4_0"},
          {"quantize", model, out, "Q4_0", "--calibration", "missing.txt"},
          {"quantize", model, out, "Q4_0", "--imatrix", model},
          {"quantize", model, out, "--budget", "0.1bpw"},
        }) {
      var ran = Ran.educe(arguments);
      assertEquals(ExitCode.FAILED, ran.code(), ran.err());
      assertEquals(1, ran.err().lines().count(), ran.err());
    }
    assertFalse(Files.exists(Path.of(out)));
  }
}
