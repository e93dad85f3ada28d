package dev.educe.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.KvType;
import dev.educe.testing.Models;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Keys and values in 8 bits: the same logits from all kernels, however pages and chunks are cut,
/// and close to those with keys and values in F32.
@ExtendWith(Seeded.class)
class QuantizedKvTest {
  private static final int TOKENS = 150;

  @Test
  void logitsOfARealModelStayClose(Random random) throws IOException {
    check(TestData.file("models", "stories260K.gguf"), random);
  }

  @Test
  void logitsOfAModelInFourBitsStayClose(Random random) throws IOException {
    check(TestData.file("golden", "formats", "tiny-Q4_0.gguf"), random);
  }

  private static void check(Path file, Random random) throws IOException {
    int[] tokens = IntStream.range(0, TOKENS).map(i -> 3 + i * i * 7 % 499).toArray();
    float[][] exact = logits(file, "", KvType.F32, 64, tokens, 64);
    float[][] found = logits(file, "", KvType.I8, 64, tokens, 64);
    double lowest = 1;
    for (int row = 0; row < TOKENS; row++) {
      lowest = Math.min(lowest, cosine(exact[row], found[row]));
    }
    assertTrue(lowest >= 0.999 && lowest < 1, "a row has cosine " + lowest);
    for (String kernels : new String[] {"scalar", "vector", ""}) {
      for (int pageTokens : new int[] {16, 32, 64}) {
        int chunk = 1 + random.nextInt(96);
        float[][] same = logits(file, kernels, KvType.I8, pageTokens, tokens, chunk);
        for (int row = 0; row < TOKENS; row++) {
          assertArrayEquals(found[row], same[row], kernels + ", pages of " + pageTokens);
        }
      }
    }
  }

  private static float[][] logits(
      Path file, String kernels, KvType kv, int pageTokens, int[] tokens, int chunk)
      throws IOException {
    var options = new CpuExecutor.Options(kv, 16, pageTokens, 256, 96, 96, false);
    try (var model = Models.open(file, kernels, 2, options)) {
      return model.logits(tokens, chunk);
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresA * squaresB);
  }
}
