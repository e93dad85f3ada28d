package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.UnsupportedModelException;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models that are loaded with somebody who guesses.
class DraftModelTest {
  @TempDir static Path folder;

  private static Path tiny(String architecture, DType type) throws Exception {
    var file = folder.resolve(architecture + type + ".gguf");
    return Files.exists(file) ? file : TinyCheckpoints.of(architecture, type).write(file);
  }

  private static List<Generation> answers(Path file, LoadOptions options) throws Exception {
    try (var model = Model.load(file, options)) {
      var digits = model.grammars().regex("([0-9]{2},){12}[a-z]+");
      var request = Request.of("hello hello hello").withTokensMax(48).withIgnoreEnd(true);
      var requests =
          List.of(
              request.withSampling(Sampling.greedy()),
              request.withSampling(Sampling.defaults().withSeed(3)).withLogprobs(2),
              request.withSampling(Sampling.defaults().withSeed(4)).withGrammar(digits));
      var answers = new ArrayList<Generation>();
      for (int turn = 0; turn < 3; turn++) {
        for (Request each : requests) {
          answers.add(model.generate(each));
        }
      }
      return answers;
    }
  }

  @Test
  void whoeverGuessesTheTextIsTheSame() throws Throwable {
    var file = tiny("llama", DType.Q8_0);
    var plain = LoadOptions.defaults().withThreads(2).withSpeculation(false);
    var expected = answers(file, plain);
    var guessing = plain.withSpeculation(true);
    Leaks.assertNoLeaks(() -> {
      for (var options : List.of(guessing, guessing.withDraft(tiny("llama", DType.Q4_0)))) {
        var answers = answers(file, options);
        for (int i = 0; i < answers.size(); i++) {
          assertEquals(expected.get(i).tokens(), answers.get(i).tokens());
          assertEquals(expected.get(i).text(), answers.get(i).text());
          assertEquals(0, expected.get(i).usage().draftedTokens());
        }
      }
    });
  }

  @Test
  void aDraftModelCountsAsMemory() throws Exception {
    var file = tiny("llama", DType.Q8_0);
    var options = LoadOptions.defaults().withThreads(1);
    try (var alone = Model.load(file, options);
        var both = Model.load(file, options.withDraft(file))) {
      assertEquals(2 * alone.memoryBytes(), both.memoryBytes());
    }
  }

  @Test
  void anotherVocabularyIsRefusedAndNothingStaysOpen() throws Throwable {
    var other = TestData.file("models", "stories260K.gguf");
    var options = LoadOptions.defaults().withThreads(1);
    Leaks.assertNoLeaks(() -> {
      var refused =
          assertThrows(
              UnsupportedModelException.class,
              () -> Model.load(tiny("llama", DType.Q8_0), options.withDraft(other)));
      assertTrue(
          refused.getMessage().startsWith("stories260K.gguf cannot guess for this model: its"),
          refused.getMessage());
      assertThrows(
          NoSuchFileException.class,
          () ->
              Model.load(
                  tiny("llama", DType.Q8_0), options.withDraft(folder.resolve("none.gguf"))));
    });
  }
}
