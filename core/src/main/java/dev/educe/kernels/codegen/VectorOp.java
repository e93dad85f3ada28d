package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.VectorOp.Encodings.BOTH;
import static dev.educe.kernels.codegen.VectorOp.Encodings.EVEX;
import static dev.educe.kernels.codegen.VectorOp.Encodings.VEX;
import static dev.educe.kernels.codegen.VectorOp.OpcodeMap.M0F;
import static dev.educe.kernels.codegen.VectorOp.OpcodeMap.M38;
import static dev.educe.kernels.codegen.VectorOp.OpcodeMap.M3A;
import static dev.educe.kernels.codegen.VectorOp.Prefix.NONE;
import static dev.educe.kernels.codegen.VectorOp.Prefix.P66;
import static dev.educe.kernels.codegen.VectorOp.Prefix.PF2;
import static dev.educe.kernels.codegen.VectorOp.Prefix.PF3;
import static dev.educe.kernels.codegen.VectorOp.Tuple.BYTES_16;
import static dev.educe.kernels.codegen.VectorOp.Tuple.BYTES_32;
import static dev.educe.kernels.codegen.VectorOp.Tuple.BYTES_4;
import static dev.educe.kernels.codegen.VectorOp.Tuple.FULL;
import static dev.educe.kernels.codegen.VectorOp.Tuple.HALF;
import static dev.educe.kernels.codegen.VectorOp.Tuple.QUARTER;
import static dev.educe.kernels.codegen.VectorOp.Tuple.WHOLE;

import java.util.Locale;

/// The vector instructions, a row each: how it is encoded, and how much memory it touches.
///
/// A row stands for the VEX and the EVEX form where both exist; where their names differ the second
/// one is given (`vpand` with 32 registers is `vpandd`).
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
enum VectorOp {
  VMOVUPS(BOTH, NONE, M0F, 0, 0x10, WHOLE),
  VMOVUPS_STORE(BOTH, NONE, M0F, 0, 0x11, WHOLE),
  VMOVNTPS_STORE(BOTH, NONE, M0F, 0, 0x2b, WHOLE),
  VMOVDQU(BOTH, PF3, M0F, 0, 0x6f, WHOLE, "vmovdqu32"),
  VMOVDQU_STORE(BOTH, PF3, M0F, 0, 0x7f, WHOLE, "vmovdqu32"),
  VMOVDQU8(EVEX, PF2, M0F, 0, 0x6f, WHOLE),
  VMOVD(BOTH, P66, M0F, 0, 0x6e, BYTES_4),
  VMOVD_STORE(BOTH, P66, M0F, 0, 0x7e, BYTES_4),
  VBROADCASTSS(BOTH, P66, M38, 0, 0x18, BYTES_4),
  VPBROADCASTD(BOTH, P66, M38, 0, 0x58, BYTES_4),
  VBROADCASTI128(BOTH, P66, M38, 0, 0x5a, BYTES_16, "vbroadcasti32x4"),

  VPDPBUSD(EVEX, P66, M38, 0, 0x50, FULL),
  VPDPBUSD_VEX(VEX, P66, M38, 0, 0x50, FULL),
  VPDPWSSD(EVEX, P66, M38, 0, 0x52, FULL),
  VPMADDUBSW(BOTH, P66, M38, 0, 0x04, WHOLE),
  VPMADDWD(BOTH, P66, M0F, 0, 0xf5, WHOLE),
  VPADDW(BOTH, P66, M0F, 0, 0xfd, WHOLE),
  VPADDD(BOTH, P66, M0F, 0, 0xfe, FULL),
  VPSUBD(BOTH, P66, M0F, 0, 0xfa, FULL),
  VPMULLD(BOTH, P66, M38, 0, 0x40, FULL),
  VPSUBB(BOTH, P66, M0F, 0, 0xf8, WHOLE),
  VPSIGNB(VEX, P66, M38, 0, 0x08, WHOLE),
  VPMOVB2M(EVEX, PF3, M38, 0, 0x29, WHOLE),
  VPABSB(BOTH, P66, M38, 0, 0x1c, WHOLE),
  VPMAXSD(BOTH, P66, M38, 0, 0x3d, FULL),

  VPAND(BOTH, P66, M0F, 0, 0xdb, FULL, "vpandd"),
  VPANDN(BOTH, P66, M0F, 0, 0xdf, FULL, "vpandnd"),
  VPOR(BOTH, P66, M0F, 0, 0xeb, FULL, "vpord"),
  VPXOR(BOTH, P66, M0F, 0, 0xef, FULL, "vpxord"),
  VPTERNLOGD(EVEX, P66, M3A, 0, 0x25, FULL),

  VPACKSSDW(BOTH, P66, M0F, 0, 0x6b, FULL),
  VPACKSSWB(BOTH, P66, M0F, 0, 0x63, WHOLE),

  VPSRLW(BOTH, P66, M0F, 0, 0x71, WHOLE, 2),
  VPSLLW(BOTH, P66, M0F, 0, 0x71, WHOLE, 6),
  VPSRLD(BOTH, P66, M0F, 0, 0x72, FULL, 2),
  VPSRAD(BOTH, P66, M0F, 0, 0x72, FULL, 4),
  VPSLLD(BOTH, P66, M0F, 0, 0x72, FULL, 6),

  VCVTDQ2PS(BOTH, NONE, M0F, 0, 0x5b, FULL),
  VCVTPS2DQ(BOTH, P66, M0F, 0, 0x5b, FULL),
  VCVTPH2PS(BOTH, P66, M38, 0, 0x13, HALF),
  VCVTPS2PH_STORE(BOTH, P66, M3A, 0, 0x1d, HALF),
  VFMADD231PS(BOTH, P66, M38, 0, 0xb8, FULL),
  VFMADD213PS(BOTH, P66, M38, 0, 0xa8, FULL),
  VFNMADD231PS(BOTH, P66, M38, 0, 0xbc, FULL),
  VADDPS(BOTH, NONE, M0F, 0, 0x58, FULL),
  VMULPS(BOTH, NONE, M0F, 0, 0x59, FULL),
  VSUBPS(BOTH, NONE, M0F, 0, 0x5c, FULL),
  VMINPS(BOTH, NONE, M0F, 0, 0x5d, FULL),
  VDIVPS(BOTH, NONE, M0F, 0, 0x5e, FULL),
  VMAXPS(BOTH, NONE, M0F, 0, 0x5f, FULL),
  VXORPS(BOTH, NONE, M0F, 0, 0x57, FULL),
  VSQRTPS(BOTH, NONE, M0F, 0, 0x51, FULL),
  VUNPCKLPS(BOTH, NONE, M0F, 0, 0x14, FULL),
  VUNPCKHPS(BOTH, NONE, M0F, 0, 0x15, FULL),
  VSHUFPS(BOTH, NONE, M0F, 0, 0xc6, FULL),
  VCMPPS(VEX, NONE, M0F, 0, 0xc2, FULL),
  VCMPPS_MASK(EVEX, NONE, M0F, 0, 0xc2, FULL),

  VPMOVZXBD(BOTH, P66, M38, 0, 0x31, QUARTER),
  VPMOVSXBD(BOTH, P66, M38, 0, 0x21, QUARTER),
  VPMOVZXBW(BOTH, P66, M38, 0, 0x30, HALF),
  VPMOVZXWD(BOTH, P66, M38, 0, 0x33, HALF),
  VPSHUFB(BOTH, P66, M38, 0, 0x00, WHOLE),
  VPERMB(EVEX, P66, M38, 0, 0x8d, WHOLE),
  VEXTRACTI128(BOTH, P66, M3A, 0, 0x39, BYTES_16, "vextracti32x4"),
  VEXTRACTI64X4(EVEX, P66, M3A, 1, 0x3b, BYTES_32);

  /// The mandatory prefix that EVEX and VEX fold into two bits.
  enum Prefix {
    NONE,
    P66,
    PF3,
    PF2
  }

  /// The opcode map; its number is what the prefix holds, the first being unused.
  enum OpcodeMap {
    UNUSED,
    M0F,
    M38,
    M3A
  }

  /// Which encodings exist.
  enum Encodings {
    VEX,
    EVEX,
    BOTH
  }

  /// How many bytes of memory an instruction touches, which is also the unit of a short
  /// displacement in EVEX (`disp8 · N`).
  enum Tuple {
    /// The whole vector, or one 32-bit element for all lanes.
    FULL,
    /// The whole vector.
    WHOLE,
    HALF,
    QUARTER,
    BYTES_4,
    BYTES_16,
    BYTES_32
  }

  private static final int NO_DIGIT = -1;

  final Encodings encodings;
  final Prefix prefix;
  final OpcodeMap map;
  final int w;
  final int opcode;
  final Tuple tuple;
  // What stands in the register field of instructions that need no second register there.
  final int digit;
  private final String evexName;

  VectorOp(Encodings encodings, Prefix prefix, OpcodeMap map, int w, int opcode, Tuple tuple) {
    this(encodings, prefix, map, w, opcode, tuple, NO_DIGIT, "");
  }

  VectorOp(
      Encodings encodings,
      Prefix prefix,
      OpcodeMap map,
      int w,
      int opcode,
      Tuple tuple,
      String evexName) {
    this(encodings, prefix, map, w, opcode, tuple, NO_DIGIT, evexName);
  }

  VectorOp(
      Encodings encodings,
      Prefix prefix,
      OpcodeMap map,
      int w,
      int opcode,
      Tuple tuple,
      int digit) {
    this(encodings, prefix, map, w, opcode, tuple, digit, "");
  }

  VectorOp(
      Encodings encodings,
      Prefix prefix,
      OpcodeMap map,
      int w,
      int opcode,
      Tuple tuple,
      int digit,
      String evexName) {
    this.encodings = encodings;
    this.prefix = prefix;
    this.map = map;
    this.w = w;
    this.opcode = opcode;
    this.tuple = tuple;
    this.digit = digit;
    this.evexName = evexName;
  }

  /// As a disassembler names it.
  String mnemonic(boolean inEvex) {
    if (inEvex && !evexName.isEmpty()) {
      return evexName;
    }
    return name().toLowerCase(Locale.ROOT).replace("_store", "").replace("_vex", "");
  }

  /// Bytes of memory touched with vectors of `vectorBytes`.
  int memoryBytes(int vectorBytes, boolean isBroadcast) {
    return switch (tuple) {
      case FULL -> isBroadcast ? 4 : vectorBytes;
      case WHOLE -> vectorBytes;
      case HALF -> vectorBytes / 2;
      case QUARTER -> vectorBytes / 4;
      case BYTES_4 -> 4;
      case BYTES_16 -> 16;
      case BYTES_32 -> 32;
    };
  }
}
