package dev.educe.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.function.Executable;

/// Counts what code allocates on the heap.
public final class Allocations {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Allocations() {}

  /// The bytes that this thread allocates while it runs the code.
  public static long of(Executable code) throws Throwable {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    code.execute();
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
