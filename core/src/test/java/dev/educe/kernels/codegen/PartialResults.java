package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.kernels.AttentionKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Results of the spans of one row, some of which saw nothing, now and then one that is not finite.
record PartialResults(int headSize, int spans, long stride, MemorySegment floats) {
  private static final float[] STRANGE = {
    Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f, 0f, 1e-40f
  };

  static PartialResults random(Random random, int headSize, int spans) {
    long stride = headSize + 2 + random.nextInt(20);
    var floats = AttentionRun.floats((spans - 1) * stride + headSize + 2, random, 30f);
    for (int span = 0; span < spans; span++) {
      boolean isEmpty = random.nextInt(4) == 0;
      for (int channel = 0; isEmpty && channel < headSize; channel++) {
        floats.setAtIndex(ValueLayout.JAVA_FLOAT, span * stride + channel, 0f);
      }
      long m = span * stride + headSize;
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, m + 1, isEmpty ? 0f : 1 + random.nextFloat());
      if (isEmpty) {
        floats.setAtIndex(ValueLayout.JAVA_FLOAT, m, Float.NEGATIVE_INFINITY);
      }
    }
    if (random.nextInt(3) == 0) {
      float value = STRANGE[random.nextInt(STRANGE.length)];
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, random.nextLong(floats.byteSize() / 4), value);
    }
    return new PartialResults(headSize, spans, stride, floats);
  }

  void assertSameMerge(AttentionKernels expected, AttentionKernels actual) {
    var first = merge(expected);
    var second = merge(actual);
    for (int i = 0; i < headSize; i++) {
      float one = first.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      float other = second.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      int channel = i;
      assertEquals(
          Float.floatToIntBits(one),
          Float.floatToIntBits(other),
          () ->
              "channel %d of %d, %d spans: %s, got %s"
                  .formatted(channel, headSize, spans, one, other));
    }
  }

  private MemorySegment merge(AttentionKernels kernels) {
    var out = Arena.ofAuto().allocate(4L * headSize, 4);
    kernels.merge(headSize, spans, floats, 0, stride, out, 0);
    return out;
  }
}
