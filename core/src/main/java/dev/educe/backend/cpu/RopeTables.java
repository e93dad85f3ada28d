package dev.educe.backend.cpu;

import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Cosines and sines of rotary embedding, for the positions that have been met.
///
/// An angle is position times frequency in double; its cosine and sine, times the magnitude, are
/// rounded once. Filled on demand, for a long context costs more time than a short answer. Only the
/// thread that steps may call [#reach].
final class RopeTables {
  private final double[] frequencies; // [half]
  private final double magnitude;
  private final MemorySegment cosines; // F32 [positionsMax, half]
  private final MemorySegment sines; // F32 [positionsMax, half]
  private int positions; // how many are filled

  RopeTables(Region region, double[] frequencies, double magnitude, int positionsMax) {
    this.frequencies = frequencies.clone();
    this.magnitude = magnitude;
    long bytes = (long) positionsMax * frequencies.length * Float.BYTES;
    this.cosines = region.allocate(bytes);
    this.sines = region.allocate(bytes);
  }

  /// Makes sure that the tables hold this position.
  void reach(int position) {
    int half = frequencies.length;
    for (; positions <= position; positions++) {
      for (int i = 0; i < half; i++) {
        double angle = positions * frequencies[i];
        long index = (long) positions * half + i;
        cosines.setAtIndex(
            ValueLayout.JAVA_FLOAT, index, (float) (StrictMath.cos(angle) * magnitude));
        sines.setAtIndex(
            ValueLayout.JAVA_FLOAT, index, (float) (StrictMath.sin(angle) * magnitude));
      }
    }
  }

  /// Pairs of a head that are turned.
  int half() {
    return frequencies.length;
  }

  /// F32 `[positionsMax, half]`.
  MemorySegment cosines() {
    return cosines;
  }

  /// F32 `[positionsMax, half]`.
  MemorySegment sines() {
    return sines;
  }
}
