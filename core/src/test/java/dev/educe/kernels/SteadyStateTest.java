package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import dev.educe.testing.Allocations;
import dev.educe.testing.Seeded;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/// Once compiled, vector kernels allocate nothing: neither scratch nor, when the compiler gives up
/// on a method that has grown too long, a box for every vector.
@Tag("steady")
@ExtendWith(Seeded.class)
class SteadyStateTest {
  private static final int SIZE = 1_000;
  private static final long NANOS_MAX = 20_000_000_000L;

  // Two vectors for each of five rows, two panels and two blocks of 256: what is handed over where
  // the compiler, by what it saw of other formats, does not inline. Each step would be a hundred
  // times as much.
  private static final long HANDED_OVER_BYTES = 2 * 5 * 2 * 2 * 64;

  @BeforeEach
  void vectorsAreTheMachines() {
    assumeTrue(
        Lanes.BITS <= FloatVector.SPECIES_PREFERRED.vectorBitSize(),
        "vectors wider than the machine's are always boxed");
  }

  @Test
  void rowsAllocateNothing(Random random) throws Throwable {
    RowKernels rows = new VectorRows();
    try (var region = Region.open("rows", MemoryBudget.unlimited())) {
      var x = FloatRows.random(region, SIZE, FloatRows.Content.ORDINARY, random);
      var y = FloatRows.random(region, SIZE, FloatRows.Content.ORDINARY, random);
      settles("rmsNorm", () -> rows.rmsNorm(x, 0, x, 1e-5f, y, 0, SIZE));
      settles("rotate", () -> rows.rotate(y, 0, x, x, 0, SIZE / 2));
      settles("siluGate", () -> rows.siluGate(x, 0, x, 0, y, 0, SIZE));
      settles("add", () -> rows.add(x, 0, y, 0, SIZE));
      settles("addScaled", () -> rows.addScaled(0.1f, x, 0, y, 0, SIZE));
      settles("scale", () -> rows.scale(0.1f, y, 0, SIZE));
      settles("softmax", () -> rows.softmax(x, 0, y, 0, SIZE));
      settles("argmax", () -> rows.argmax(x, 0, SIZE));
    }
  }

  @Test
  void attentionAllocatesNothing(Random random) throws Throwable {
    AttentionKernels attention = new VectorAttention();
    for (var type : KvType.values()) {
      try (var region = Region.open("attention", MemoryBudget.unlimited())) {
        var one = new AttentionCase(region, 80, 3, 200, 150, random);
        var cache = one.store(region, attention, type, 32, random);
        var partial = one.attend(region, attention, cache, 190, 10);
        settles(
            "attend " + type,
            () ->
                attention.attend(
                    cache.pages(),
                    cache.pageTable(),
                    AttentionCase.KV_HEAD,
                    3,
                    10,
                    190,
                    150,
                    0,
                    one.scale,
                    one.q,
                    190L * 3 * 80,
                    3L * 80,
                    partial,
                    0,
                    one.partialStride()));
        settles("merge", () -> attention.merge(80, 1, partial, 0, 0, one.q, 0));
        settles("store " + type, () -> attention.store(cache.pages(), 0, 0, one.k, 0, one.v, 0));
      }
    }
  }

  @Test
  void productsAllocateNothing(Random random) throws Throwable {
    MatrixKernels kernels = new VectorMatrix();
    for (var type : PanelLayout.supported()) {
      // Five rows of activations are a tile and a single row.
      try (var matrix = MatrixCase.random(type, 32, 512, 5, random)) {
        matrix.quantize(kernels);
        var y = matrix.region.allocate(5 * 32 * 4);
        settles(
            "multiply " + type,
            20,
            HANDED_OVER_BYTES,
            () -> kernels.multiply(matrix.panels, 0, 2, matrix.x, 0, 5, y, 32));
      }
    }
    try (var matrix = MatrixCase.random(DType.Q8_0, 1, 512, 5, random)) {
      settles("quantize", 20, 0, () -> kernels.quantize(matrix.x, 0, 5));
    }
  }

  private static void settles(String what, Executable call) throws Throwable {
    settles(what, 1_000, 0, call);
  }

  /// Repeats a call until so many of them allocate no more than this, each.
  private static void settles(String what, int calls, long bytesMax, Executable call)
      throws Throwable {
    long start = System.nanoTime();
    long bytes;
    do {
      bytes =
          Allocations.of(() -> {
            for (int i = 0; i < calls; i++) {
              call.execute();
            }
          });
      if (bytes > calls * bytesMax) {
        long allocated = bytes / calls;
        assertTrue(
            System.nanoTime() - start < NANOS_MAX,
            () -> what + " still allocates " + allocated + " bytes a call");
      }
    } while (bytes > calls * bytesMax);
  }
}
