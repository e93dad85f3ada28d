package dev.educe.kernels.codegen;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.LogitKernels;
import dev.educe.kernels.MatrixKernels;
import dev.educe.kernels.RowKernels;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// Matrix products, attention and rows by generated code.
///
/// The code of a tier is generated once per process and lives as long.
public final class GeneratedKernels implements Kernels {
  private static final Map<Tier, GeneratedKernels> OPEN = new EnumMap<>(Tier.class);

  private final GeneratedMatrix matrix;
  private final GeneratedAttention attention;
  private final GeneratedRows rows;
  private final LogitKernels logits;

  private GeneratedKernels(Tier tier, Kernels others) {
    this.matrix = new GeneratedMatrix(tier, others.matrix());
    this.attention = new GeneratedAttention(tier, others.attention());
    this.rows = new GeneratedRows(tier, others.rows());
    this.logits = others.logits();
  }

  /// Kernels, or one sentence why there are none.
  ///
  /// @param kernels empty if there are none
  /// @param obstacle empty if there are kernels
  public record Offer(Optional<Kernels> kernels, String obstacle) {}

  /// @param tier its label, or blank for the best one of this machine
  /// @param others what does everything that no code is generated for
  public static Offer offer(String tier, Kernels others) {
    Tier.Choice choice;
    try {
      choice = Tier.choose(tier);
    } catch (IllegalCallerException denied) {
      return new Offer(
          Optional.empty(),
          "code cannot be called; start java with --enable-native-access=ALL-UNNAMED");
    }
    return new Offer(choice.tier().map(each -> open(each, others)), choice.reason());
  }

  private static synchronized Kernels open(Tier tier, Kernels others) {
    return OPEN.computeIfAbsent(tier, each -> new GeneratedKernels(each, others));
  }

  @Override
  public String name() {
    return "generated " + matrix.tier().label();
  }

  @Override
  public MatrixKernels matrix() {
    return matrix;
  }

  @Override
  public AttentionKernels attention() {
    return attention;
  }

  @Override
  public RowKernels rows() {
    return rows;
  }

  /// As the others do it: what is left is memory.
  @Override
  public LogitKernels logits() {
    return logits;
  }
}
