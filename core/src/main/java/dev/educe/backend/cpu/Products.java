package dev.educe.backend.cpu;

import dev.educe.backend.ProductObserver;
import dev.educe.kernels.Activations;
import dev.educe.kernels.Panels;
import dev.educe.platform.Workers;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Several weight matrices times the same activations, as one job of the workers.
///
/// The unit of work is a few panels times all rows. Not thread-safe.
final class Products implements Workers.Task {
  /// One matrix, its tensor's name, and where its product goes: F32, row `r` begins at float `r ·
  /// stride`.
  record Product(String name, Panels weights, MemorySegment target, long stride) {}

  // Enough bytes that claiming a unit costs nothing beside reading it; and for many rows so few
  // panels that a group of activations is read from the near cache by all but the first.
  private static final int UNIT_BYTES = 64 << 10;
  private static final int UNIT_PANELS_MAX = 32;

  // Units per thread at least, so that a thread which is held back leaves its share to the others.
  private static final int UNITS_PER_THREAD = 8;

  private final Crew crew;
  private final Product[] products;
  private final ProductObserver.Site site;
  private final int[] firstPanel; // [products + 1]: in the row of all products' panels
  private final int units;
  private final boolean quantized;
  private Activations x;
  private int rows;

  Products(Crew crew, List<Product> products) {
    this(crew, 0, 1, products);
  }

  /// @param expert whose matrices these are, of so many `experts`
  Products(Crew crew, int expert, int experts, List<Product> products) {
    this.crew = crew;
    this.products = products.toArray(Product[]::new);
    this.site =
        new ProductObserver.Site(
            products.stream().map(Product::name).toList(),
            expert,
            experts,
            products.getFirst().weights().size());
    this.firstPanel = new int[this.products.length + 1];
    long bytes = 0;
    for (int i = 0; i < this.products.length; i++) {
      Panels weights = this.products[i].weights();
      firstPanel[i + 1] = firstPanel[i] + weights.panels();
      bytes += weights.panels() * weights.panelBytes();
    }
    this.units = units(firstPanel[this.products.length], bytes, crew.workers().threads());
    this.quantized = products.stream().anyMatch(p -> p.weights().layout().isQuantized());
  }

  /// As many units for each thread: units are alike, and one left over would keep all others
  /// waiting.
  private static int units(int panels, long bytes, int threads) {
    int least = Math.clamp((long) UNIT_BYTES * panels / bytes, 1, UNIT_PANELS_MAX);
    int unitPanels = Math.clamp(panels / (threads * UNITS_PER_THREAD), least, UNIT_PANELS_MAX);
    int units = Math.ceilDiv(panels, unitPanels);
    return Math.min(panels, Math.ceilDiv(units, threads) * threads);
  }

  /// Whether the activations must be quantized beforehand.
  boolean quantized() {
    return quantized;
  }

  /// Multiplies the first `rows` rows of `x`.
  void run(Activations x, int rows) {
    this.x = x;
    this.rows = rows;
    crew.observer().observe(site, x.floats(), x.paddedSize(), rows);
    crew.workers().run(units, this);
  }

  @Override
  public void run(int unit, int worker) {
    int panels = firstPanel[products.length];
    int from = (int) ((long) panels * unit / units);
    int to = (int) ((long) panels * (unit + 1) / units);
    for (int i = 0; i < products.length; i++) {
      int first = Math.max(from, firstPanel[i]);
      int end = Math.min(to, firstPanel[i + 1]);
      if (first < end) {
        multiply(products[i], first - firstPanel[i], end - firstPanel[i]);
      }
    }
  }

  private void multiply(Product product, int from, int to) {
    crew.kernels()
        .matrix()
        .multiply(product.weights(), from, to, x, 0, rows, product.target(), product.stride());
  }
}
