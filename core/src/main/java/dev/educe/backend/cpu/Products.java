package dev.educe.backend.cpu;

import dev.educe.kernels.Activations;
import dev.educe.kernels.Panels;
import dev.educe.platform.Workers;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Several weight matrices times the same activations, as one job of the workers.
///
/// The unit of work is a few panels times all rows. Not thread-safe.
final class Products implements Workers.Task {
  /// One matrix and where its product goes: F32, row `r` begins at float `r · stride`.
  record Product(Panels weights, MemorySegment target, long stride) {}

  // Enough bytes that claiming a unit costs nothing beside reading it; and for many rows enough
  // panels that a group of activations is read from the near cache by all but the first.
  private static final long UNIT_BYTES = 64 << 10;
  private static final int UNIT_PANELS_MAX = 32;

  // Units per thread at least, so that a thread which is held back leaves its share to the others.
  private static final int UNITS_PER_THREAD = 6;

  private final Crew crew;
  private final Product[] products;
  private final int[] unitPanels; // [products]: panels of a unit
  private final int[] firstUnit; // [products + 1]
  private final boolean quantized;
  private Activations x;
  private int rows;

  Products(Crew crew, List<Product> products) {
    this.crew = crew;
    this.products = products.toArray(Product[]::new);
    this.unitPanels = new int[this.products.length];
    this.firstUnit = new int[this.products.length + 1];
    int panels = products.stream().mapToInt(product -> product.weights().panels()).sum();
    int byThreads = panels / (crew.workers().threads() * UNITS_PER_THREAD);
    for (int i = 0; i < unitPanels.length; i++) {
      Panels weights = this.products[i].weights();
      int least = Math.clamp(UNIT_BYTES / weights.panelBytes(), 1, UNIT_PANELS_MAX);
      unitPanels[i] = Math.clamp(byThreads, least, UNIT_PANELS_MAX);
      firstUnit[i + 1] = firstUnit[i] + Math.ceilDiv(weights.panels(), unitPanels[i]);
    }
    this.quantized = products.stream().anyMatch(p -> p.weights().layout().isQuantized());
  }

  /// Whether the activations must be quantized beforehand.
  boolean quantized() {
    return quantized;
  }

  /// Multiplies the first `rows` rows of `x`.
  void run(Activations x, int rows) {
    this.x = x;
    this.rows = rows;
    crew.workers().run(firstUnit[products.length], this);
  }

  @Override
  public void run(int unit, int worker) {
    int i = 0;
    while (unit >= firstUnit[i + 1]) {
      i++;
    }
    Product product = products[i];
    Panels weights = product.weights();
    int from = (unit - firstUnit[i]) * unitPanels[i];
    int to = Math.min(from + unitPanels[i], weights.panels());
    crew.kernels()
        .matrix()
        .multiply(weights, from, to, x, 0, rows, product.target(), product.stride());
  }
}
