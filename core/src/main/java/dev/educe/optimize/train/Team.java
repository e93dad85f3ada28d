package dev.educe.optimize.train;

import dev.educe.kernels.DenseKernels;
import dev.educe.platform.Workers;

/// The threads of a training, each with its scratch, and what they do together.
///
/// One thread at a time may give it work.
final class Team implements AutoCloseable {
  /// Rows of a piece of work of elements: enough to be worth claiming.
  static final int CHUNK_ROWS = 64;

  private static final int PRODUCT_ROWS_MAX = 512;
  private static final int UNITS_PER_THREAD = 4;

  private final Workers workers;
  private final DenseKernels kernels;
  private final DenseProduct[] products; // [threads]
  private final PackedMatrix packed = new PackedMatrix();

  Team(int threads, DenseKernels kernels) {
    this.workers = new Workers(threads);
    this.kernels = kernels;
    this.products = new DenseProduct[threads];
    for (int i = 0; i < threads; i++) {
      products[i] = new DenseProduct(kernels);
    }
  }

  Workers workers() {
    return workers;
  }

  int threads() {
    return workers.threads();
  }

  DenseKernels kernels() {
    return kernels;
  }

  /// The products of one thread.
  DenseProduct product(int worker) {
    return products[worker];
  }

  /// `c = a · b`, or `c += a · b`, by all threads.
  void multiply(DenseMatrix a, DenseMatrix b, DenseMatrix c, boolean isAdded) {
    packed.shape(b.rows(), b.columns());
    workers.run(packed.panels(), (panel, _) -> packed.packPanel(b, panel));
    int share = Math.ceilDiv(c.rows(), threads() * UNITS_PER_THREAD);
    int unit = Math.min(PRODUCT_ROWS_MAX, Math.ceilDiv(share, 16) * 16);
    workers.run(
        Math.ceilDiv(c.rows(), unit),
        (item, worker) -> {
          int first = item * unit;
          int count = Math.min(unit, c.rows() - first);
          products[worker].multiply(a.rows(first, count), packed, c.rows(first, count), isAdded);
        });
  }

  /// Something done to a range of rows.
  @FunctionalInterface
  interface Rows {
    /// @param from the first row
    /// @param to the row after the last
    /// @param worker which thread, for scratch
    void run(int from, int to, int worker);
  }

  /// Runs `task` over chunks of rows, whose bounds do not depend on the number of threads.
  void rows(int rows, Rows task) {
    workers.run(
        Math.ceilDiv(rows, CHUNK_ROWS),
        (chunk, worker) ->
            task.run(chunk * CHUNK_ROWS, Math.min(rows, (chunk + 1) * CHUNK_ROWS), worker));
  }

  @Override
  public void close() {
    workers.close();
  }
}
