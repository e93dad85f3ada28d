package dev.educe.kernels.codegen;

import dev.educe.kernels.codegen.CpuFeatures.Feature;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Which instructions the matrix kernel is written with, best first.
public enum Tier {
  /// 512 bits, byte products added in one instruction.
  AVX512VNNI(
      512,
      Feature.AVX512F,
      Feature.AVX512BW,
      Feature.AVX512DQ,
      Feature.AVX512VL,
      Feature.AVX512_VNNI,
      Feature.F16C),
  /// 512 bits, byte products through 16-bit sums.
  AVX512(512, Feature.AVX512F, Feature.AVX512BW, Feature.AVX512DQ, Feature.AVX512VL, Feature.F16C),
  /// 256 bits, byte products added in one instruction.
  AVXVNNI(256, Feature.AVX2, Feature.FMA, Feature.F16C, Feature.AVX_VNNI),
  /// 256 bits, byte products through 16-bit sums.
  AVX2(256, Feature.AVX2, Feature.FMA, Feature.F16C);

  private final int bits;
  private final Set<Feature> needs;

  Tier(int bits, Feature... needs) {
    this.bits = bits;
    this.needs = Set.of(needs);
  }

  /// The width of its vectors.
  public int bits() {
    return bits;
  }

  /// As the user writes it: `avx512vnni`.
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /// Whether four byte products are added by one instruction.
  boolean hasDotProduct() {
    return this == AVX512VNNI || this == AVXVNNI;
  }

  /// The best tier of this machine, or why there is none.
  public static Choice best() {
    return choose("");
  }

  /// A tier by its label, or the best one for an empty label.
  public static Choice choose(String label) {
    Optional<String> reason = CodeArena.whyUnavailable();
    if (reason.isPresent()) {
      return new Choice(Optional.empty(), reason.get());
    }
    CpuFeatures cpu = CpuFeatures.detect();
    if (label.isEmpty()) {
      return Arrays.stream(values())
          .filter(tier -> cpu.present().containsAll(tier.needs))
          .findFirst()
          .map(tier -> new Choice(Optional.of(tier), ""))
          .orElse(new Choice(Optional.empty(), "this processor lacks AVX2 with FMA and F16C"));
    }
    for (Tier tier : values()) {
      if (tier.label().equals(label)) {
        return tier.offeredBy(cpu);
      }
    }
    String known = Arrays.stream(values()).map(Tier::label).collect(Collectors.joining(", "));
    return new Choice(
        Optional.empty(), "there is no kernel tier '%s', choose one of %s".formatted(label, known));
  }

  private Choice offeredBy(CpuFeatures cpu) {
    String missing =
        needs.stream()
            .filter(feature -> !cpu.has(feature))
            .map(Feature::name)
            .sorted()
            .collect(Collectors.joining(", "));
    return missing.isEmpty()
        ? new Choice(Optional.of(this), "")
        : new Choice(
            Optional.empty(), "tier %s needs %s of the processor".formatted(label(), missing));
  }

  /// A tier, or one sentence why there is none.
  ///
  /// @param reason empty if there is a tier
  public record Choice(Optional<Tier> tier, String reason) {}
}
