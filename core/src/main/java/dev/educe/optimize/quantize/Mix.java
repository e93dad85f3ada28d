package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// A recipe for a whole file by llama.cpp's name: most matrices have one format, the sensitive ones
/// a better one.
///
/// Source: llama.cpp `llama.h` (`enum llama_ftype`) and `tools/quantize/quantize.cpp`.
public enum Mix {
  F32(0, DType.F32),
  F16(1, DType.F16),
  BF16(32, DType.BF16),
  Q8_0(7, DType.Q8_0),
  Q6_K(18, DType.Q6_K),
  Q5_K_M(17, DType.Q5_K),
  Q5_K_S(16, DType.Q5_K),
  Q5_1(9, DType.Q5_1),
  Q5_0(8, DType.Q5_0),
  Q4_K_M(15, DType.Q4_K),
  Q4_K_S(14, DType.Q4_K),
  Q4_1(3, DType.Q4_1),
  Q4_0(2, DType.Q4_0),
  IQ4_NL(25, DType.IQ4_NL),
  IQ4_XS(30, DType.IQ4_XS),
  /// All matrices in MXFP4; files call it as the next.
  MXFP4(38, DType.MXFP4),
  /// Experts in MXFP4, all else in Q8_0.
  MXFP4_MOE(38, DType.MXFP4),
  Q3_K_L(13, DType.Q3_K),
  Q3_K_M(12, DType.Q3_K),
  Q3_K_S(11, DType.Q3_K),
  Q2_K(10, DType.Q2_K),
  Q2_K_S(21, DType.Q2_K);

  private final int fileType;
  private final DType base;

  Mix(int fileType, DType base) {
    this.fileType = fileType;
    this.base = base;
  }

  /// The mix of this name in any case; `Q4_K` alone means `Q4_K_M`.
  public static Optional<Mix> of(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(mix -> mix.name().equals(upper) || mix.name().equals(upper + "_M"))
        .findFirst();
  }

  /// All names, for messages.
  public static String names() {
    return Arrays.stream(values()).map(Mix::name).collect(Collectors.joining(", "));
  }

  /// The number that files have for it.
  public int fileType() {
    return fileType;
  }

  /// What most matrices have.
  public DType base() {
    return base;
  }

  /// The mix whose number a file has that holds most of its weights in this format.
  static Mix mostly(DType type) {
    return Arrays.stream(values()).filter(mix -> mix.base == type).findFirst().orElse(F32);
  }
}
