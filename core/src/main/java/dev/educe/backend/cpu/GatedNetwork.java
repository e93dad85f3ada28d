package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;
import dev.educe.kernels.RowKernels;
import dev.educe.platform.Workers;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A gated feed-forward network: `down · (silu(gate · x) ⊙ (up · x))`; a whole one, or one
/// expert's.
final class GatedNetwork {
  private final Crew crew;
  private final Linear gate;
  private final Linear up;
  private final Linear down;
  private final MlpScratch scratch;
  private final MemorySegment y;
  private final Products gateUp;
  private final Products product;
  private final Workers.Task activate = this::activate;
  private final Workers.Task addBias = this::addBias;
  private Batch batch;
  private int[] tokens;

  /// @param y where the output goes: F32 `[rows, down.stride()]`
  /// @param expert whose network it is, of so many `experts`; 0 of 1 for a whole one
  GatedNetwork(
      Crew crew,
      Linear gate,
      Linear up,
      Linear down,
      MlpScratch scratch,
      MemorySegment y,
      int expert,
      int experts) {
    this.crew = crew;
    this.gate = gate;
    this.up = up;
    this.down = down;
    this.scratch = scratch;
    this.y = y;
    this.gateUp =
        new Products(
            crew, expert, experts, List.of(gate.into(scratch.gate()), up.into(scratch.up())));
    this.product = new Products(crew, expert, experts, List.of(down.into(y)));
  }

  /// Whether the input must be quantized.
  boolean quantized() {
    return gateUp.quantized();
  }

  /// Values of a row of the output.
  int outputSize() {
    return down.weights().rows();
  }

  /// Computes the first `count` rows of `x`.
  ///
  /// @param tokens the token of the batch that each row belongs to; hears of numbers that are not
  ///   finite
  void run(Batch batch, int[] tokens, int count, Activations x) {
    this.batch = batch;
    this.tokens = tokens;
    gateUp.run(x, count);
    crew.workers().run(count, activate);
    product.run(scratch.x(), count);
    if (down.bias().isPresent()) {
      crew.workers().run(count, addBias);
    }
  }

  private void activate(int row, int worker) {
    RowKernels rows = crew.kernels().rows();
    long from = row * gate.stride();
    gate.addBias(rows, scratch.gate(), from);
    up.addBias(rows, scratch.up(), from);
    Activations target = scratch.x();
    long to = (long) row * target.paddedSize();
    rows.siluGate(scratch.gate(), from, scratch.up(), from, target.floats(), to, target.size());
    if (product.quantized() && crew.kernels().matrix().quantize(target, row, row + 1) >= 0) {
      batch.fail(tokens[row], "the feed-forward network gave a number that is not finite");
    }
  }

  private void addBias(int row, int worker) {
    down.addBias(crew.kernels().rows(), y, row * down.stride());
  }
}
