package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The definition of what is done to rows, as plain loops.
final class ScalarRows implements RowKernels {
  @Override
  public void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment weight,
      float epsilon,
      MemorySegment y,
      long yOffset,
      int n) {
    float[] lanes = RowSums.lanes();
    for (int i = 0; i < n; i++) {
      float value = at(x, xOffset + i);
      lanes[i % RowSums.LANES] = Math.fma(value, value, lanes[i % RowSums.LANES]);
    }
    float factor = 1f / (float) Math.sqrt(RowSums.tree(lanes) / n + epsilon);
    for (int i = 0; i < n; i++) {
      set(y, yOffset + i, at(x, xOffset + i) * factor * at(weight, i));
    }
  }

  @Override
  public void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cosines,
      MemorySegment sines,
      long tableOffset,
      int half) {
    for (int i = 0; i < half; i++) {
      float x0 = at(x, xOffset + i);
      float x1 = at(x, xOffset + half + i);
      float c = at(cosines, tableOffset + i);
      float s = at(sines, tableOffset + i);
      set(x, xOffset + i, Math.fma(x0, c, -(x1 * s)));
      set(x, xOffset + half + i, Math.fma(x0, s, x1 * c));
    }
  }

  @Override
  public void siluGate(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i++) {
      float g = at(gate, gateOffset + i);
      set(y, yOffset + i, g / (1f + Exponential.exp(-g)) * at(up, upOffset + i));
    }
  }

  @Override
  public void add(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i++) {
      set(y, yOffset + i, at(y, yOffset + i) + at(x, xOffset + i));
    }
  }

  @Override
  public void addScaled(
      float factor, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i++) {
      set(y, yOffset + i, Math.fma(factor, at(x, xOffset + i), at(y, yOffset + i)));
    }
  }

  @Override
  public void scale(float factor, MemorySegment x, long xOffset, int n) {
    for (int i = 0; i < n; i++) {
      set(x, xOffset + i, at(x, xOffset + i) * factor);
    }
  }

  @Override
  public void softmax(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, at(x, xOffset + i));
    }
    float[] lanes = RowSums.lanes();
    for (int i = 0; i < n; i++) {
      float p = Exponential.exp(at(x, xOffset + i) - max);
      set(y, yOffset + i, p);
      lanes[i % RowSums.LANES] += p;
    }
    float sum = RowSums.tree(lanes);
    for (int i = 0; i < n; i++) {
      set(y, yOffset + i, at(y, yOffset + i) / sum);
    }
  }

  @Override
  public int argmax(MemorySegment x, long xOffset, int n) {
    int place = -1;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      float value = at(x, xOffset + i);
      if (value != value) {
        return -1;
      }
      if (place < 0 || value > max) {
        place = i;
        max = value;
      }
    }
    return place;
  }

  private static float at(MemorySegment floats, long index) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static void set(MemorySegment floats, long index, float value) {
    floats.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }
}
