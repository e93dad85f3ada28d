package dev.educe.cli;

import java.util.function.DoubleConsumer;

/// A bar on standard error while something takes long; nothing where that is no terminal.
final class Progress implements DoubleConsumer, AutoCloseable {
  /// What is over before this needs no bar.
  private static final long SILENT_NANOS = 500_000_000L;

  private static final long REDRAW_NANOS = 50_000_000L;
  private static final int CELLS = 30;

  private final Console console;
  private final String label;
  private final long start = System.nanoTime();
  private long drawn;
  private boolean isVisible;

  Progress(Console console, String label) {
    this.console = console;
    this.label = label;
  }

  /// @param share done, 0 to 1
  @Override
  public void accept(double share) {
    long now = System.nanoTime();
    if (!console.isErrorTerminal()
        || now - start < SILENT_NANOS
        || (isVisible && now - drawn < REDRAW_NANOS)) {
      return;
    }
    drawn = now;
    isVisible = true;
    int full = (int) (CELLS * Math.clamp(share, 0.0, 1.0));
    String bar = "█".repeat(full) + "░".repeat(CELLS - full);
    console.err().print(Display.format("\r%s %s %3.0f %%", label, bar, 100 * share));
    console.err().flush();
  }

  /// Takes the bar away.
  @Override
  public void close() {
    if (isVisible) {
      console.err().print("\r\033[K");
      console.err().flush();
      isVisible = false;
    }
  }
}
