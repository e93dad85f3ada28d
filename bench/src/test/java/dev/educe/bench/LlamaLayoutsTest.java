package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class LlamaLayoutsTest {
  @Test
  void sizesAreThoseOfTheLibrary() {
    assertEquals(80, LlamaLayouts.MODEL.byteSize());
    assertEquals(160, LlamaLayouts.CONTEXT.byteSize());
    assertEquals(56, LlamaLayouts.BATCH.byteSize());
    assertEquals(528, LlamaLayouts.THREADS.byteSize());
  }

  @Test
  void otherDefaultsThanKnownAreRefused() throws Exception {
    try (var arena = Arena.ofConfined()) {
      var model = arena.allocate(LlamaLayouts.MODEL);
      var context = arena.allocate(LlamaLayouts.CONTEXT);
      var threads = arena.allocate(LlamaLayouts.THREADS);
      setDefaults(model, context, threads);
      LlamaLayouts.check(model, context, threads);

      LlamaLayouts.set(context, LlamaLayouts.CONTEXT, "n_ctx", 4096);
      var e =
          assertThrows(
              PeerFailedException.class, () -> LlamaLayouts.check(model, context, threads));
      assertEquals(
          "llama_context_params has another layout than known: n_ctx is 4096 by default,"
              + " expected 512",
          e.getMessage());
    }
  }

  private static void setDefaults(
      MemorySegment model, MemorySegment context, MemorySegment threads) {
    LlamaLayouts.set(model, LlamaLayouts.MODEL, "n_gpu_layers", -1);
    LlamaLayouts.set(model, LlamaLayouts.MODEL, "split_mode", 1);
    LlamaLayouts.set(model, LlamaLayouts.MODEL, "load_mode", -1);
    LlamaLayouts.set(model, LlamaLayouts.MODEL, "lazy_mode", 1);
    LlamaLayouts.set(model, LlamaLayouts.MODEL, "use_extra_bufts", 1);
    int[] sizes = {512, 2048, 512, 1, 0, 0, 0, 4, 4, 0, -1, -1, -1, -1};
    MemorySegment.copy(sizes, 0, context, ValueLayout.JAVA_INT, 0, sizes.length);
    for (long factor : new long[] {64, 84}) {
      context.set(ValueLayout.JAVA_FLOAT, factor, -1);
    }
    for (String one : new String[] {"type_k", "type_v", "offload_kqv", "no_perf"}) {
      LlamaLayouts.set(context, LlamaLayouts.CONTEXT, one, 1);
    }
    LlamaLayouts.set(threads, LlamaLayouts.THREADS, "poll", 50);
  }
}
