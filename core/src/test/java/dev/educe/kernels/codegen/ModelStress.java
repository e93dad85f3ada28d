package dev.educe.kernels.codegen;

import dev.educe.Continuation;
import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.kernels.KvType;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A tiny model that is loaded and writes several texts at once. Kernels are those of the whole
/// process, whose code all models share.
///
/// @param expected the tokens of each text
record ModelStress(
    String architecture,
    DType type,
    Path folder,
    LoadOptions options,
    long seed,
    List<List<Integer>> expected)
    implements StressCase {
  private static final String[] ARCHITECTURES = {"llama", "qwen2", "qwen3", "qwen3moe"};
  private static final String FILE = "tiny.gguf";
  private static final int TEXTS = 3;
  private static final int CONTEXT = 64;
  private static final int TOKENS = 24;

  static StressCase random(Random random) throws IOException {
    String architecture = StressCase.pick(random, ARCHITECTURES);
    DType type = StressCase.format(random);
    Path folder = Files.createTempDirectory("stress");
    TinyCheckpoints.of(architecture, type).write(folder.resolve(FILE));
    var options =
        LoadOptions.defaults()
            .withContextLength(CONTEXT)
            .withSequences(2)
            .withKv(StressCase.pick(random, KvType.values()))
            .withThreads(1 + random.nextInt(4));
    var expected = new ArrayList<List<Integer>>();
    var stress = new ModelStress(architecture, type, folder, options, random.nextLong(), expected);
    expected.addAll(stress.write("scalar"));
    return stress;
  }

  private List<List<Integer>> write(String kernels) {
    try (var model = Model.load(folder.resolve(FILE), options.withKernels(kernels))) {
      var texts = new ArrayList<Continuation>();
      for (int text = 0; text < TEXTS; text++) {
        texts.add(
            model.start(
                Request.of("hello world ".repeat(1 + text))
                    .withTokensMax(TOKENS)
                    .withIgnoreEnd(true)
                    .withSampling(Sampling.defaults().withSeed(seed + text))));
      }
      var written = new ArrayList<List<Integer>>();
      for (Continuation text : texts) {
        try (text) {
          text.forEachRemaining(_ -> {});
          written.add(text.result().tokens());
        }
      }
      return written;
    } catch (IOException e) {
      throw new UncheckedIOException("the model was not read", e);
    }
  }

  @Override
  public String kernel() {
    return "model " + type;
  }

  @Override
  public int repeats() {
    return 3;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    List<List<Integer>> actual = write("generated:" + kernels.tier().label());
    if (!actual.equals(expected)) {
      throw new AssertionError("tokens should be %s, got %s".formatted(expected, actual));
    }
  }

  @Override
  public void close() throws IOException {
    Files.delete(folder.resolve(FILE));
    Files.delete(folder);
  }

  @Override
  public String toString() {
    return "%s, keys and values in %s, %d threads"
        .formatted(architecture, options.kv(), options.threads());
  }
}
