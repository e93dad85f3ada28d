package dev.educe.kernels.codegen;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.MatrixKernels;
import dev.educe.kernels.RowKernels;
import java.util.Arrays;
import java.util.List;

/// The kernels of a tier, with code of their own.
///
/// @param closer gives the code back
record StressKernels(
    Tier tier, MatrixKernels matrix, AttentionKernels attention, RowKernels rows, Runnable closer)
    implements AutoCloseable {
  /// The definition, which also does what there is no code for.
  static final Kernels SCALAR = KernelSelector.select("scalar").kernels();

  static StressKernels open(Tier tier) {
    var matrix = new GeneratedMatrix(tier, SCALAR.matrix());
    var attention = new GeneratedAttention(tier, SCALAR.attention());
    var rows = new GeneratedRows(tier, SCALAR.rows());
    Runnable closer =
        () -> {
          matrix.close();
          attention.close();
          rows.close();
        };
    return new StressKernels(tier, matrix, attention, rows, closer);
  }

  /// The tiers of this machine.
  static List<Tier> tiers() {
    return Arrays.stream(Tier.values())
        .filter(tier -> Tier.choose(tier.label()).tier().isPresent())
        .toList();
  }

  @Override
  public void close() {
    closer.run();
  }
}
