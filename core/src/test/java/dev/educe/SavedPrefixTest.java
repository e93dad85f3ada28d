package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.cache.SavedPrefixException;
import dev.educe.kernels.KvType;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Prefixes that outlive their process, and files that are none.
@ExtendWith(Seeded.class)
class SavedPrefixTest {
  private static final Request REQUEST =
      Request.of("hello world, ".repeat(12)).withTokensMax(8).withSampling(Sampling.greedy());

  @TempDir Path folder;
  private Path file;
  private Path saved;
  private Generation cold;
  private int tokens;

  @BeforeEach
  void save() throws IOException {
    file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("tiny.gguf"));
    saved = folder.resolve("saved");
    try (var model = Model.load(file)) {
      cold = model.generate(REQUEST);
      tokens = model.savePrefix(REQUEST, saved);
      assertTrue(tokens >= 64, "only " + tokens + " tokens were saved");
    }
  }

  @Test
  void anotherProcessGoesOnFromASavedPrefix() throws IOException {
    try (var model = Model.load(file)) {
      assertEquals(tokens, model.restorePrefix("", saved));
      var warm = model.generate(REQUEST);
      assertEquals(cold.tokens(), warm.tokens());
      assertEquals(tokens, warm.usage().cachedTokens());
      assertEquals(0, cold.usage().cachedTokens());
    }
  }

  @Test
  void whatWasSavedForSomethingElseIsRefused() throws IOException {
    try (var model = Model.load(file)) {
      assertRefused(model, "somebody", saved, "tenant");
    }
    try (var model = Model.load(file, LoadOptions.defaults().withKv(KvType.F32))) {
      assertRefused(model, "", saved, "KV format");
    }
    var other = TinyCheckpoints.of("llama", DType.Q4_0).write(folder.resolve("other.gguf"));
    try (var model = Model.load(other)) {
      assertRefused(model, "", saved, "model");
      assertRefused(model, "", other, "beginning");
    }
  }

  @Test
  void aModelFileThatHasChangedSavesNothing() throws IOException {
    try (var model = Model.load(file)) {
      Files.write(file, new byte[3]);
      assertThrows(IOException.class, () -> model.savePrefix(REQUEST, saved));
    }
  }

  @Test
  void aDamagedFileIsRefusedAndLeavesNothing(Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(saved);
    Path damaged = folder.resolve("damaged");
    try (var model = Model.load(file)) {
      for (int i = 0; i < 60; i++) {
        byte[] copy = bytes.clone();
        int at = i < 40 ? i * 3 : random.nextInt(copy.length);
        copy[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(damaged, copy);
        assertRefused(model, "", damaged, "");
        Files.write(damaged, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
        assertRefused(model, "", damaged, "");
      }
      assertEquals(0, model.generate(REQUEST).usage().cachedTokens());
    }
  }

  private static void assertRefused(Model model, String tenant, Path file, String reason) {
    var refused = assertThrows(SavedPrefixException.class, () -> model.restorePrefix(tenant, file));
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
  }
}
