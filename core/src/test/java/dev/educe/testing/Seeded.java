package dev.educe.testing;

import java.util.Random;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/// Gives a test its [Random] and, when the test fails, says how to get the same one again.
///
/// One seed serves a whole run; each test mixes it with its own id, so that a test draws the same
/// numbers alone as among others.
public final class Seeded implements ParameterResolver, AfterTestExecutionCallback {
  private static final long SEED = seed();

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == Random.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return new Random(SEED ^ (0x9e3779b97f4a7c15L * test.getUniqueId().hashCode()));
  }

  @Override
  public void afterTestExecution(ExtensionContext test) {
    test.getExecutionException()
        .filter(failure -> !(failure instanceof TestAbortedException))
        .ifPresent(failure -> failure.addSuppressed(new Reproduction()));
  }

  private static long seed() {
    String given = System.getProperty("tests.seed", "");
    return given.isBlank() ? System.nanoTime() : Long.parseUnsignedLong(given, 16);
  }

  /// Not a failure of its own: a line below the failure that it belongs to.
  private static final class Reproduction extends Exception {
    private static final long serialVersionUID = 1L;

    Reproduction() {
      super("reproduce with -Dtests.seed=" + Long.toHexString(SEED), null, false, false);
    }
  }
}
