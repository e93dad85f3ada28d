package dev.educe.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.backend.Batch;
import dev.educe.cache.PagePool;
import dev.educe.cache.PageTable;
import dev.educe.kernels.KvType;
import dev.educe.tensor.DType;
import dev.educe.testing.Models;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// What a sequence has left in pages and scratch is nothing to the next: every word that it wrote
/// is spoilt, and what follows has the same bits as on an executor that was never used.
@ExtendWith(Seeded.class)
class NothingLeftTest {
  private static final int TOKENS = 60; // the last of four pages has room that is left

  @TempDir private Path folder;

  /// The words of all memory that an executor reaches, off heap and in arrays.
  private static final class Words {
    private final Map<MemorySegment, int[]> offHeap = new HashMap<>();
    private final Map<float[], float[]> arrays = new IdentityHashMap<>();
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    Words(Object root) {
      walk(root);
    }

    private void walk(Object at) {
      // Which pages are free is nobody's secret.
      if (at == null || at instanceof PagePool || !seen.add(at)) {
        return;
      }
      if (at instanceof MemorySegment segment) {
        if (!segment.isReadOnly()) {
          offHeap.put(segment, segment.asSlice(0, segment.byteSize() & ~3).toArray(INT));
        }
      } else if (at instanceof float[] array) {
        arrays.put(array, array.clone());
      } else if (at instanceof Optional<?> optional) {
        optional.ifPresent(this::walk);
      } else if (at instanceof Iterable<?> all && !(at instanceof Path)) {
        all.forEach(this::walk);
      } else if (at.getClass().isArray() && !at.getClass().componentType().isPrimitive()) {
        for (int i = 0; i < Array.getLength(at); i++) {
          walk(Array.get(at, i));
        }
      } else if (at.getClass().getName().startsWith("dev.educe.")) {
        for (Class<?> type = at.getClass(); type != null; type = type.getSuperclass()) {
          fields(at, type);
        }
      }
    }

    private void fields(Object at, Class<?> type) {
      for (var field : type.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())
            && !field.getType().isPrimitive()
            && type.getName().startsWith("dev.educe.")) {
          field.setAccessible(true);
          try {
            walk(field.get(at));
          } catch (IllegalAccessException e) {
            throw new AssertionError(e);
          }
        }
      }
    }

    /// Overwrites every word that has changed since with what is no number in any format.
    ///
    /// @return how many
    int spoil() {
      int count = 0;
      for (var each : offHeap.entrySet()) {
        var words = each.getKey();
        int[] before = each.getValue();
        for (int i = 0; i < before.length; i++) {
          if (words.getAtIndex(INT, i) != before[i]) {
            words.setAtIndex(INT, i, -1);
            count++;
          }
        }
      }
      for (var each : arrays.entrySet()) {
        for (int i = 0; i < each.getValue().length; i++) {
          if (each.getKey()[i] != each.getValue()[i]) {
            each.getKey()[i] = Float.NaN;
            count++;
          }
        }
      }
      return count;
    }
  }

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private static CpuExecutor.Options options(KvType kv) {
    return new CpuExecutor.Options(kv, 4, 16, 64, 40, 40, false);
  }

  @Test
  void pagesAndScratchOfOneAreNothingToTheNext(Random random) throws IOException {
    Path llama = folder.resolve("llama.gguf");
    TinyCheckpoints.of("llama", DType.Q8_0).write(llama);
    Path experts = folder.resolve("experts.gguf");
    TinyCheckpoints.of("llama", DType.Q4_0).withExperts(5, 2).write(experts);
    Path window = folder.resolve("window.gguf");
    TinyCheckpoints.of("llama", DType.F16).with("attention.sliding_window", 9).write(window);
    for (KvType kv : KvType.values()) {
      check(random, llama, kv, "");
    }
    check(random, experts, KvType.F16, "");
    check(random, window, KvType.I8, "");
    check(random, llama, KvType.F32, "scalar");
    check(random, window, KvType.F32, "vector");
  }

  private static void check(Random random, Path file, KvType kv, String kernels)
      throws IOException {
    String how = file.getFileName() + " " + kv + " " + kernels;
    try (var fresh = Models.open(file, kernels, 2, options(kv));
        var used = Models.open(file, kernels, 2, options(kv))) {
      int[] tokens = random.ints(TOKENS, 0, used.vocabularySize()).toArray();
      used.logits(random.ints(64, 0, used.vocabularySize()).toArray(), 40); // tables of positions
      var words = new Words(used.executor());
      used.logits(random.ints(64, 0, used.vocabularySize()).toArray(), 40);
      int spoilt = words.spoil();
      assertTrue(spoilt > 64 * 64, how + ": only " + spoilt);
      int chunk = 1 + random.nextInt(40);
      float[][] expected = fresh.logits(tokens, chunk);
      float[][] found = used.logits(tokens, chunk);
      for (int row = 0; row < TOKENS; row++) {
        assertArrayEquals(expected[row], found[row], how + ", position " + row);
      }
    }
  }

  /// What would be read is seen to be spoilt: a sequence's own pages are.
  @Test
  void whatIsReadIsMissed(Random random) throws IOException {
    Path file = folder.resolve("llama.gguf");
    TinyCheckpoints.of("llama", DType.Q8_0).write(file);
    for (KvType kv : KvType.values()) {
      try (var model = Models.open(file, "", 2, options(kv));
          var table = new PageTable(model.executor().pages())) {
        int[] tokens = random.ints(20, 0, model.vocabularySize()).toArray();
        var words = new Words(model.executor());
        Models.reserve(table, tokens.length);
        var batch = new Batch(40, 40);
        batch.add(table, 0, tokens, 0, 19, 0);
        model.executor().forward(batch);
        words.spoil();
        batch.clear();
        batch.add(table, 19, tokens, 19, 1, 1);
        model.executor().forward(batch);
        assertFalse(Float.isFinite(model.row(0)[0]) && batch.failure(0).isEmpty(), kv.toString());
      }
    }
  }
}
