package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.Panels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A description bound to weights and memory, ready to run.
///
/// @param embedding `[vocabularySize, hiddenSize]`
/// @param hidden F32 `[tokens, hiddenStride]`: the tokens' hidden states; in the end, those that
///   are wanted, normalized
/// @param steps the residual steps of all layers, in order
/// @param stateSteps how many of them there are up to the last one that keeps state
/// @param outputX the normalized rows whose logits are wanted
/// @param logits F32 `[rows, logitsStride]`
/// @param ropes the tables that grow with the positions met
/// @param kv the keys and values of each attention, in order
record CpuProgram(
    Panels embedding,
    float embeddingScale,
    MemorySegment hidden,
    long hiddenStride,
    List<CpuExecutor.Step> steps,
    int stateSteps,
    CpuExecutor.Norm outputNorm,
    Activations outputX,
    Products output,
    MemorySegment logits,
    long logitsStride,
    List<RopeTables> ropes,
    List<KvPages> kv) {
  /// Values of a hidden state.
  int hiddenSize() {
    return embedding.size();
  }

  /// Makes sure that the tables hold every position of a batch.
  void reach(Batch batch) {
    int last = 0;
    for (int slice = 0; slice < batch.slices(); slice++) {
      last = Math.max(last, batch.position(batch.sliceStart(slice + 1) - 1));
    }
    for (RopeTables tables : ropes) {
      tables.reach(last);
    }
  }
}
