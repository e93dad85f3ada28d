package dev.educe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.engine.RefusedException;
import dev.educe.format.Gguf;
import dev.educe.format.UnsupportedModelException;
import dev.educe.kernels.KvType;
import dev.educe.model.ReferenceDecoder;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.sampling.NumericalException;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(Seeded.class)
@Timeout(60)
class EmbedderTest {
  private static final EmbeddingOptions DEFAULTS = EmbeddingOptions.defaults();

  @TempDir private Path folder;

  static Stream<String> names() {
    return Architectures.ALL.stream().flatMap(known -> known.names().stream()).sorted();
  }

  private Path tiny(String name, DType type, int pooling) throws IOException {
    return TinyCheckpoints.of(name, type)
        .with("pooling_type", pooling)
        .write(folder.resolve(name + type + pooling + ".gguf"));
  }

  @ParameterizedTest
  @MethodSource("names")
  void vectorsAreThoseOfTheDescriptionInDoublePrecision(String name) throws IOException {
    int[] tokens = new Random(7).ints(90, 0, 250).toArray();
    for (int pooling = 1; pooling <= 3; pooling++) {
      Path file = tiny(name, DType.F32, pooling);
      var expected = reference(file, tokens, pooling);
      try (var model = Model.load(file, LoadOptions.defaults().withKv(KvType.F32))) {
        var vector =
            model.embedder().start(List.of(tokens), DEFAULTS).result().vectors().getFirst();
        assertEquals(expected.length, vector.length);
        for (int i = 0; i < vector.length; i++) {
          assertEquals(expected[i], vector[i], 1e-5, "pooling " + pooling + ", value " + i);
        }
      }
    }
  }

  private static double[] reference(Path file, int[] tokens, int pooling) throws IOException {
    try (var gguf = Gguf.open(file)) {
      var decoder = Architectures.describe(gguf.metadata());
      var weights = Weights.bind(file.toString(), decoder, gguf.tensors(), _ -> true);
      double[][] states = new ReferenceDecoder(decoder, weights, gguf).states(tokens);
      double[] pooled =
          switch (pooling) {
            case 1 ->
                IntStream.range(0, decoder.hiddenSize())
                    .mapToDouble(i -> Stream.of(states).mapToDouble(s -> s[i]).average().orElse(0))
                    .toArray();
            case 2 -> states[0];
            default -> states[tokens.length - 1];
          };
      double length = length(pooled);
      return IntStream.range(0, pooled.length).mapToDouble(i -> pooled[i] / length).toArray();
    }
  }

  private static double length(double[] vector) {
    double squares = 0;
    for (double value : vector) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }

  private static double length(float[] vector) {
    return length(IntStream.range(0, vector.length).mapToDouble(i -> vector[i]).toArray());
  }

  @Test
  void aVectorDoesNotDependOnKernelsThreadsOrCompany(Random random) throws IOException {
    Path file = tiny("llama", DType.Q8_0, 1);
    var texts = new ArrayList<int[]>();
    for (int i = 0; i < 40; i++) {
      texts.add(random.ints(1 + random.nextInt(120), 0, 250).toArray());
    }
    List<float[]> expected = new ArrayList<>();
    try (var model = Model.load(file, LoadOptions.defaults().withKernels("scalar"))) {
      for (int[] text : texts) {
        expected.addAll(model.embedder().start(List.of(text), DEFAULTS).result().vectors());
      }
    }
    for (String kernels : List.of("vector", "")) {
      var options = LoadOptions.defaults().withKernels(kernels).withThreads(2);
      try (var model = Model.load(file, options)) {
        var writing =
            model.start(Request.of("hello").withTokensMax(100).withSampling(Sampling.greedy()), 3);
        var found = model.embedder().start(texts, DEFAULTS).result().vectors();
        writing.forEach(Continuation::close);
        for (int i = 0; i < expected.size(); i++) {
          assertArrayEquals(expected.get(i), found.get(i), 0f, kernels + ", text " + i);
        }
      }
    }
  }

  @Test
  void vectorsAreOneLongAndFewerDimensionsAreTheFirstOnes() throws IOException {
    try (var model = Model.load(TestData.file("models", "stories260K.gguf"))) {
      var embedder = model.embedder();
      assertEquals(64, embedder.size());
      assertEquals(Pooling.MEAN, embedder.pooling());
      var texts = List.of("Once upon a time", "there was a little girl", "x");
      var whole = embedder.embed(texts, DEFAULTS);
      var few = embedder.embed(texts, DEFAULTS.withDimensions(5));
      for (int i = 0; i < texts.size(); i++) {
        float[] vector = whole.vectors().get(i);
        float[] first = few.vectors().get(i);
        assertEquals(1, length(vector), 1e-6);
        assertEquals(5, first.length);
        assertEquals(1, length(first), 1e-6);
        for (int k = 1; k < first.length; k++) {
          assertEquals(vector[k] / vector[0], first[k] / first[0], 1e-4);
        }
      }
      assertArrayEquals(whole.vectors().get(2), embedder.embed("x"), 0f);
      assertTrue(dot(whole.vectors().get(0), whole.vectors().get(1)) < 0.999);
      long tokens =
          texts.stream().mapToInt(text -> model.tokenizer().encode(text, false).length).sum();
      assertEquals(tokens, whole.promptTokens());
    }
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (double) a[i] * b[i]).sum();
  }

  @Test
  void whatIsReadIsMeteredByTenant() throws IOException {
    try (var model = Model.load(tiny("llama", DType.F32, 3))) {
      var options = DEFAULTS.withTenant("t").withPriority(1);
      var embeddings = model.embedder().start(List.of(new int[7], new int[30]), options).result();
      assertEquals(37, embeddings.promptTokens());
      var totals = model.totals().get("t");
      assertEquals(37, totals.promptTokens());
      assertEquals(2, totals.requests());
      assertEquals(0, totals.generatedTokens());
      assertEquals(0, model.progress().cachedPages());
    }
  }

  @Test
  void whatCannotBeReadIsRefusedWithTheNumbers() throws IOException {
    var options = LoadOptions.defaults().withContextLength(32);
    var model = Model.load(tiny("llama", DType.F32, 1), options);
    var embedder = model.embedder();
    assertMessage("33 tokens do not fit the context of 32", embedder, new int[33]);
    assertMessage("there are no tokens; give at least one", embedder, new int[0]);
    assertMessage("token ids are 0 to 291, got 292", embedder, new int[] {292});
    assertEquals(
        "the model's vectors have 64 dimensions, got 65",
        assertThrows(
                IllegalArgumentException.class,
                () -> embedder.embed(List.of("a"), DEFAULTS.withDimensions(65)))
            .getMessage());
    assertThrows(IllegalArgumentException.class, () -> embedder.embed(List.of(), DEFAULTS));
    assertEquals(
        64, embedder.start(List.of(new int[32]), DEFAULTS).result().vectors().get(0).length);
    model.close();
    assertThrows(RefusedException.class, () -> embedder.embed("a"));
  }

  private static void assertMessage(String message, Embedder embedder, int[] tokens) {
    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> embedder.start(List.of(tokens), DEFAULTS));
    assertEquals(message, thrown.getMessage());
  }

  @Test
  void modelsThatRankGiveNoVectors() throws IOException {
    try (var model = Model.load(tiny("llama", DType.F32, 4))) {
      assertThrows(UnsupportedModelException.class, model::embedder);
    }
    try (var model = Model.load(tiny("llama", DType.F32, 9))) {
      assertThrows(UnsupportedModelException.class, model::embedder);
    }
  }

  @Test
  void aCancelledRunEndsSoonAndHoldsNothing() throws Throwable {
    Path file = tiny("llama", DType.F32, 1);
    Leaks.assertNoLeaks(() -> {
      try (var model = Model.load(file)) {
        var many = IntStream.range(0, 2_000).mapToObj(_ -> new int[250]).toList();
        var run = model.embedder().start(many, DEFAULTS);
        assertFalse(run.await(Duration.ofMillis(1)));
        run.close();
        assertThrows(CancellationException.class, run::result);
        assertTrue(run.promptTokens() < 2_000 * 250);
        var late = DEFAULTS.withDeadline(Duration.ofMillis(2));
        var tooLate = model.embedder().start(many, late);
        assertThrows(RuntimeException.class, tooLate::result);
        assertEquals(64, model.embedder().embed("still there").length);
        assertEquals(0, model.progress().running());
      }
    });
  }

  @Test
  void numbersThatAreNotFiniteAreAnErrorAndNoLengthIsNone() {
    var pool = new StatePool(Pooling.MEAN, 2, 1);
    assertArrayEquals(new float[2], pool.vector(2));
    pool.add(0, MemorySegment.ofArray(new float[] {1, Float.NaN}));
    assertArrayEquals(new float[] {1}, pool.vector(1));
    assertThrows(NumericalException.class, () -> pool.vector(2));
  }
}
