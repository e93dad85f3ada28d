package dev.educe.backend.cpu;

import dev.educe.kernels.Activations;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;

/// What a feed-forward network needs between its matrices; shared by all layers of one width.
///
/// @param gate F32 `[tokens, stride]`; `up` likewise
/// @param x the input of the last matrix
record MlpScratch(MemorySegment gate, MemorySegment up, Activations x) {
  static MlpScratch of(Region region, int tokens, int intermediateSize) {
    long bytes = tokens * Math.ceilDiv(intermediateSize, 16) * 16L * Float.BYTES;
    return new MlpScratch(
        region.allocate(bytes),
        region.allocate(bytes),
        new Activations(region, tokens, intermediateSize));
  }
}
