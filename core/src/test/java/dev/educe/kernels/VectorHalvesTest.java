package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class VectorHalvesTest {
  private static final int ALL = 1 << 16;

  @Test
  void everyHalfIsTheFloatItIs() {
    float[] floats = new float[ALL + 1];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment halves = arena.allocate(2 * ALL);
      for (int i = 0; i < ALL; i++) {
        halves.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i);
      }
      VectorHalves.load(halves, 0, ALL, floats, 1);
    }
    for (int i = 0; i < ALL; i++) {
      int expected = Float.floatToIntBits(Float.float16ToFloat((short) i));
      assertEquals(expected, Float.floatToIntBits(floats[1 + i]), "half " + i);
    }
  }
}
