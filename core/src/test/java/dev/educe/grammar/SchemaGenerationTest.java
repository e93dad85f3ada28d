package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.Generation;
import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.sampling.Sampling;
import dev.educe.testing.TestData;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What a model writes under a schema, by its own draws.
class SchemaGenerationTest {
  private static final int SEEDS = 20;
  private static final int TOKENS_MAX = 480;

  @Test
  void whatAModelWritesAtTemperatureOneIsAlwaysValid() throws IOException {
    var options = LoadOptions.defaults().withThreads(1);
    try (var model = Model.load(TestData.file("models", "stories260K.gguf"), options)) {
      for (String schema : SchemaTest.SCHEMAS) {
        String json = SchemaTest.json(schema);
        var validator = new SchemaValidator(json);
        TokenGrammar grammar = model.grammars().schema(json, SchemaOptions.defaults());
        for (int seed = 0; seed < SEEDS; seed++) {
          var request =
              Request.of("Once upon a time")
                  .withTokensMax(TOKENS_MAX)
                  .withSampling(Sampling.greedy().withTemperature(1).withSeed(seed))
                  .withGrammar(grammar);
          Generation generation = model.generate(request);
          String text = generation.text();
          assertEquals(Generation.Finish.STOP, generation.finish(), () -> schema + text);
          assertEquals("", validator.problems(text), text);
        }
      }
    }
  }
}
