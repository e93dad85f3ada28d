package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The commands over a real model, against what another engine says.
///
/// The files are below the folder that `EDUCE_TESTDATA` names; where it is not set this is skipped.
class StoriesTest {
  @Test
  void aStoryIsContinuedAsElsewhere() throws IOException {
    String story = Files.readString(file("golden/stories260K-greedy-once-upon-a-time.txt"));
    String[] run = {
      "run", model(), "Once upon a time", "-n", "200", "--temperature", "0", "--kv", "f32"
    };
    assertEquals(story.strip(), Ran.educe(run).out().strip());
    for (var guessing : List.of(List.of("--draft", model()), List.of("--speculate", "off"))) {
      var words = new ArrayList<>(List.of(run));
      words.addAll(guessing);
      assertEquals(story.strip(), Ran.educe(words.toArray(String[]::new)).out().strip());
    }
  }

  @Test
  void aTextIsAsPerplexingAsElsewhere() throws IOException {
    String text = file("golden/stories-sample.txt").toString();
    var ran = Ran.educe("perplexity", model(), text, "-c", "256", "--kv", "f32");
    assertTrue(ran.out().endsWith("PPL = 2.8689 +/- 0.05695\n"), ran.out());
  }

  @Test
  void keysAndValuesInEightBitsHardlyChangeHowPerplexingATextIs() throws IOException {
    String text = file("golden/stories-sample.txt").toString();
    var ran = Ran.educe("perplexity", model(), text, "-c", "256", "--kv", "i8", "--json");
    // It rises by 0.2 %, a tenth of its own uncertainty.
    assertEquals(2.8689, ran.json().get("perplexity").asDouble(), 2.8689 * 0.003, ran.out());
  }

  @Test
  void aTextBecomesAVectorOfLengthOne() {
    String[] embed = {"embed", model(), "Once upon a time", "--dimensions", "8"};
    double squares = 0;
    String[] values = Ran.educe(embed).out().strip().split(" ");
    for (String value : values) {
      squares += Math.pow(Double.parseDouble(value), 2);
    }
    assertEquals(8, values.length);
    assertEquals(1, squares, 1e-5);
    var json = Ran.educe("embed", model(), "Once upon a time", "--json").json();
    assertEquals(64, json.get("embedding").size());
    assertEquals(5, json.get("tokens").asInt());
    var ran = Ran.educe("embed", model(), "x", "--dimensions", "65");
    assertEquals(ExitCode.USAGE, ran.code());
  }

  private static String model() {
    return file("models/stories260K.gguf").toString();
  }

  private static Path file(String path) {
    String folder = System.getenv("EDUCE_TESTDATA");
    assumeTrue(folder != null && !folder.isBlank(), "EDUCE_TESTDATA is not set");
    Path file = Path.of(folder, path);
    assertTrue(Files.exists(file), () -> "EDUCE_TESTDATA is set, but there is no " + file);
    return file;
  }
}
