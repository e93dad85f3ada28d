package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// `exp` and `log` at their edges, in their accuracy, and in vectors.
@Tag("kernels")
class ExponentialTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  // A prime, so that the low bits of the floats that are tried take all values.
  private static final int STEP = 1_009;
  private static final long FLOATS = 1L << 32;

  @Test
  void theEdgesOfExpAreWhereTheContractPutsThem() {
    assertEquals(1f, Exponential.exp(0f));
    assertEquals(1f, Exponential.exp(-0f));
    assertEquals(0f, Exponential.exp(Float.NEGATIVE_INFINITY));
    assertEquals(INFINITY, Exponential.exp(INFINITY));
    assertEquals(0f, Exponential.exp(Math.nextDown(-87.3f)));
    assertTrue(Exponential.exp(-87.3f) >= Float.MIN_NORMAL);
    assertTrue(Exponential.exp(88.72283f) <= Float.MAX_VALUE);
    assertEquals(INFINITY, Exponential.exp(Math.nextUp(88.72283f)));
    assertTrue(Float.isNaN(Exponential.exp(Float.NaN)));
    // A NaN whose low bits, taken for an exponent, would make it a number.
    assertTrue(Float.isNaN(Exponential.exp(Float.intBitsToFloat(0x7f80_0081))));
  }

  @Test
  void theEdgesOfLogAreWhereTheContractPutsThem() {
    assertEquals(0f, Exponential.log(1f));
    assertEquals(Float.NEGATIVE_INFINITY, Exponential.log(0f));
    assertEquals(Float.NEGATIVE_INFINITY, Exponential.log(-0f));
    assertEquals(INFINITY, Exponential.log(INFINITY));
    assertTrue(Float.isNaN(Exponential.log(-Float.MIN_VALUE)));
    assertTrue(Float.isNaN(Exponential.log(Float.NEGATIVE_INFINITY)));
    assertTrue(Float.isNaN(Exponential.log(Float.NaN)));
    assertEquals((float) StrictMath.log(Float.MIN_VALUE), Exponential.log(Float.MIN_VALUE));
  }

  @Test
  void expIsWithinOneUnitInTheLastPlace() {
    expStaysWithinOneUnit(STEP);
  }

  @Test
  void logIsWithinOneUnitInTheLastPlace() {
    logStaysWithinOneUnit(STEP);
  }

  @Test
  @Tag("slow")
  void everyFloatIsWithinOneUnitInTheLastPlace() {
    expStaysWithinOneUnit(1);
    logStaysWithinOneUnit(1);
  }

  private static void expStaysWithinOneUnit(int step) {
    for (long bits = 0; bits < FLOATS; bits += step) {
      float x = Float.intBitsToFloat((int) bits);
      if (x >= -87.3f && x <= 88.72283f) {
        check("exp", x, StrictMath.exp(x), Exponential.exp(x));
      }
    }
  }

  private static void logStaysWithinOneUnit(int step) {
    for (long bits = 1; bits < Float.floatToRawIntBits(INFINITY); bits += step) {
      float x = Float.intBitsToFloat((int) bits);
      check("log", x, StrictMath.log(x), Exponential.log(x));
    }
  }

  private static void check(String function, float x, double exact, float result) {
    if (!(Math.abs(result - exact) <= Math.ulp((float) exact))) {
      fail("%s(%s) should be %s, got %s".formatted(function, x, exact, result));
    }
  }

  @Test
  void vectorsGiveTheBitsOfTheScalarExp() {
    var x = new float[1_024];
    var results = new float[x.length];
    for (long bits = 0; bits < FLOATS; ) {
      for (int i = 0; i < x.length; i++, bits += STEP) {
        x[i] = Float.intBitsToFloat((int) bits);
      }
      System.arraycopy(x, 0, results, 0, x.length);
      VectorExponential.exp(results, x.length);
      for (int i = 0; i < x.length; i++) {
        assertSameBits(x[i], Exponential.exp(x[i]), results[i]);
      }
    }
  }

  private static void assertSameBits(float x, float expected, float actual) {
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
      fail("exp(%s) should be %a, got %a".formatted(x, expected, actual));
    }
  }
}
