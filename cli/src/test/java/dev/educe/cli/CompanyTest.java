package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Generation;
import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.cli.make.ModelMaker;
import dev.educe.sampling.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A model of real shape: what each of many requests writes beside the others is what it writes
/// alone, token for token and bit for bit.
class CompanyTest {
  private static final int REQUESTS = 16;
  private static final int TOKENS = 24;

  // Stays there for the next time.
  private static final Path FILE = Path.of("target", "models", "llama-1b-q4_0.gguf");

  private static Path model() throws IOException {
    if (!Files.exists(FILE)) {
      Files.createDirectories(FILE.getParent());
      var unfinished = FILE.resolveSibling("unfinished.gguf");
      Files.deleteIfExists(unfinished);
      ModelMaker.of("llama-1b-q4_0", 1).write(unfinished, _ -> {});
      Files.move(unfinished, FILE);
    }
    return FILE;
  }

  private static Request request(int number) {
    // Some begin alike, some are longer than a page.
    String prompt = "once upon a time ".repeat(1 + number % 5 * 6) + "request " + number;
    return Request.of(prompt)
        .withTokensMax(TOKENS)
        .withSampling(Sampling.greedy())
        .withIgnoreEnd(true)
        .withLogprobs(3);
  }

  /// Ids, and the bits of their log probabilities.
  private static List<Integer> bits(Generation generation) {
    var bits = new ArrayList<>(generation.tokens());
    for (var each : generation.logprobs()) {
      bits.add(Float.floatToRawIntBits(each.logProbability()));
      for (int rank = 0; rank < each.count(); rank++) {
        bits.add(Float.floatToRawIntBits(each.logProbability(rank)));
      }
    }
    assertEquals(TOKENS * 5, bits.size());
    return bits;
  }

  @Test
  @Tag("slow")
  void companyChangesNoBit() throws Exception {
    var options = LoadOptions.defaults().withContextLength(512).withSequences(REQUESTS);
    try (var model = Model.load(model(), options);
        var pool = Executors.newFixedThreadPool(REQUESTS)) {
      var alone = new ArrayList<List<Integer>>();
      for (int i = 0; i < REQUESTS; i++) {
        // Tenants of their own find nothing that another one has computed.
        alone.add(bits(model.generate(request(i).withTenant("alone " + i))));
      }
      long steps = model.progress().steps();
      var calls = new ArrayList<Callable<List<Integer>>>();
      for (int i = 0; i < REQUESTS; i++) {
        var request = request(i).withTenant("together");
        calls.add(() -> bits(model.generate(request)));
      }
      var together = pool.invokeAll(calls);
      for (int i = 0; i < REQUESTS; i++) {
        assertEquals(alone.get(i), together.get(i).get(), "request " + i);
      }
      steps = model.progress().steps() - steps;
      assertTrue(steps < REQUESTS * TOKENS / 2, "they did not share steps: " + steps);
      assertTrue(model.totals().get("together").cachedTokens() > 0, "they shared no prefix");
    }
  }
}
