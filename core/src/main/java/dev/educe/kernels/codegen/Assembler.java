package dev.educe.kernels.codegen;

/// Writes x86-64 instructions, one method each, so that an emitter reads like the listing of its
/// kernel: `a.vpdpbusd(zmm(3), zmm(1), mem(RSI, 64).broadcast())`.
///
/// Target first, as in Intel's manuals. General registers are always 64 bits wide, but for
/// [#mov16], [#mov32] and [#movsxd]. Vector instructions take the width of their registers;
/// [VectorOp] has their encodings. Not thread-safe.
final class Assembler {
  private final CodeBuffer code = new CodeBuffer();
  private final VectorEncoder vectors = new VectorEncoder(code);

  /// The instructions so far and the constants behind them; nothing may follow.
  byte[] finish() {
    return code.finish();
  }

  /// Bytes so far.
  int size() {
    return code.size();
  }

  /// Names the place that comes next.
  void bind(Label label) {
    code.bind(label);
  }

  /// A new label, bound here.
  Label here() {
    Label label = new Label();
    bind(label);
    return label;
  }

  /// Four constant bytes, which lie behind the code.
  Mem constant(int value) {
    return Mem.mem(code.constant(value));
  }

  /// Sixteen constant bytes, which lie behind the code.
  Mem constant(long low, long high) {
    return Mem.mem(code.constant(low, high));
  }

  // General registers.

  void mov(Gpr d, Gpr a) {
    general(0x89, a.ordinal(), d, 1);
  }

  void mov(Gpr d, Mem a) {
    general(0x8b, d.ordinal(), a, 1);
  }

  void mov(Mem d, Gpr a) {
    general(0x89, a.ordinal(), d, 1);
  }

  void mov(Gpr d, long value) {
    if ((int) value == value) {
      general(0xc7, 0, d, 1, 4);
      code.number(value, 4);
    } else {
      code.byteValue(0x48 | d.ordinal() >> 3);
      code.byteValue(0xb8 | d.ordinal() & 7);
      code.number(value, 8);
    }
  }

  /// Loads 32 bits; the upper half becomes zero.
  void mov32(Gpr d, Mem a) {
    general(0x8b, d.ordinal(), a, 0);
  }

  /// Stores the lower 32 bits.
  void mov32(Mem d, Gpr a) {
    general(0x89, a.ordinal(), d, 0);
  }

  /// Stores the lowest byte of RAX, RCX, RDX or RBX, or of R8 to R15.
  void mov8(Mem d, Gpr a) {
    general(0x88, a.ordinal(), d, 0);
  }

  /// Stores the lower 16 bits.
  void mov16(Mem d, Gpr a) {
    code.byteValue(0x66);
    general(0x89, a.ordinal(), d, 0);
  }

  /// Loads 32 bits with their sign.
  void movsxd(Gpr d, Mem a) {
    general(0x63, d.ordinal(), a, 1);
  }

  /// Loads 16 bits; the rest becomes zero.
  void movzx16(Gpr d, Mem a) {
    code16(0xb7, d.ordinal(), a, 1);
  }

  void lea(Gpr d, Mem a) {
    general(0x8d, d.ordinal(), a, 1);
  }

  void add(Gpr d, Operand a) {
    general(0x03, d.ordinal(), a, 1);
  }

  void add(Gpr d, int value) {
    arithmetic(0, d, value);
  }

  void or(Gpr d, Operand a) {
    general(0x0b, d.ordinal(), a, 1);
  }

  void and(Gpr d, Operand a) {
    general(0x23, d.ordinal(), a, 1);
  }

  void and(Gpr d, int value) {
    arithmetic(4, d, value);
  }

  void sub(Gpr d, Operand a) {
    general(0x2b, d.ordinal(), a, 1);
  }

  void sub(Gpr d, int value) {
    arithmetic(5, d, value);
  }

  void xor(Gpr d, Operand a) {
    general(0x33, d.ordinal(), a, 1);
  }

  void cmp(Gpr d, Operand a) {
    general(0x3b, d.ordinal(), a, 1);
  }

  void cmp(Gpr d, int value) {
    arithmetic(7, d, value);
  }

  void test(Gpr d, Gpr a) {
    general(0x85, a.ordinal(), d, 1);
  }

  void test(Gpr d, int value) {
    general(0xf7, 0, d, 1, 4);
    code.number(value, 4);
  }

  void imul(Gpr d, Operand a) {
    code16(0xaf, d.ordinal(), a, 1);
  }

  void imul(Gpr d, Operand a, int value) {
    boolean isShort = (byte) value == value;
    general(isShort ? 0x6b : 0x69, d.ordinal(), a, 1, isShort ? 1 : 4);
    code.number(value, isShort ? 1 : 4);
  }

  void shl(Gpr d, int bits) {
    shift(4, d, bits);
  }

  void shr(Gpr d, int bits) {
    shift(5, d, bits);
  }

  void sar(Gpr d, int bits) {
    shift(7, d, bits);
  }

  void neg(Gpr d) {
    general(0xf7, 3, d, 1);
  }

  void inc(Gpr d) {
    general(0xff, 0, d, 1);
  }

  void dec(Gpr d) {
    general(0xff, 1, d, 1);
  }

  void push(Gpr a) {
    plain(0x50, a);
  }

  void pop(Gpr d) {
    plain(0x58, d);
  }

  void ret() {
    code.byteValue(0xc3);
  }

  void jmp(Label target) {
    if (reaches(target)) {
      code.byteValue(0xeb);
      code.byteValue(target.position() - code.size() - 1);
    } else {
      code.byteValue(0xe9);
      code.distance(target, 0);
    }
  }

  /// Jumps if the condition holds; backwards in two bytes where it can.
  void jump(Condition condition, Label target) {
    if (reaches(target)) {
      code.byteValue(0x70 | condition.code());
      code.byteValue(target.position() - code.size() - 1);
    } else {
      code.byteValue(0x0f);
      code.byteValue(0x80 | condition.code());
      code.distance(target, 0);
    }
  }

  void cpuid() {
    code.number(0xa20f, 2);
  }

  void xgetbv() {
    code.number(0xd0010f, 3);
  }

  void prefetchw(Mem a) {
    code16(0x0d, 1, a, 0);
  }

  void prefetchnta(Mem a) {
    code16(0x18, 0, a, 0);
  }

  void prefetcht1(Mem a) {
    code16(0x18, 2, a, 0);
  }

  // Vectors: loads and stores.

  void vmovups(Vec d, Operand a) {
    vectors.emit(VectorOp.VMOVUPS, d, a);
  }

  void vmovups(Mem d, Vec a) {
    vectors.emit(VectorOp.VMOVUPS_STORE, a, d);
  }

  void vmovntps(Mem d, Vec a) {
    vectors.emit(VectorOp.VMOVNTPS_STORE, a, d);
  }

  void vmovdqu(Vec d, Operand a) {
    vectors.emit(VectorOp.VMOVDQU, d, a);
  }

  void vmovdqu(Mem d, Vec a) {
    vectors.emit(VectorOp.VMOVDQU_STORE, a, d);
  }

  void vmovdqu8(Vec d, Operand a) {
    vectors.emit(VectorOp.VMOVDQU8, d, a);
  }

  void vmovd(Vec d, Operand a) {
    vectors.emit(VectorOp.VMOVD, d, a);
  }

  void vmovd(Mem d, Vec a) {
    vectors.emit(VectorOp.VMOVD_STORE, a, d);
  }

  void vcvtps2ph(Mem d, Vec a, int rounding) {
    vectors.emit(VectorOp.VCVTPS2PH_STORE, d, a, rounding);
  }

  void vextracti128(Operand d, Vec a, int half) {
    vectors.emit(VectorOp.VEXTRACTI128, d, a, half);
  }

  void vextracti64x4(Operand d, Vec a, int half) {
    vectors.emit(VectorOp.VEXTRACTI64X4, d, a, half);
  }

  void vzeroupper() {
    code.number(0x77f8c5, 3);
  }

  // Vectors: arithmetic.

  /// Four products of unsigned bytes of `a` with signed bytes of `b`, added to each 32-bit lane.
  void vpdpbusd(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPDPBUSD, d, a, b);
  }

  /// The same in the form of AVX-VNNI, which processors without AVX-512 have.
  void vpdpbusdVex(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPDPBUSD_VEX, d, a, b);
  }

  /// The signs of the bytes of `a`, into an opmask register.
  void vpmovb2m(int mask, Vec a) {
    vectors.emit(VectorOp.VPMOVB2M, new Vec(mask, a.bits(), 0, false), a);
  }

  void vpsignb(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPSIGNB, d, a, b);
  }

  void vpsubb(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPSUBB, d, a, b);
  }

  void vpternlogd(Vec d, Vec a, Operand b, int truthTable) {
    vectors.emit(VectorOp.VPTERNLOGD, d, a, b, truthTable);
  }

  void vpdpwssd(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPDPWSSD, d, a, b);
  }

  void vpmaddubsw(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPMADDUBSW, d, a, b);
  }

  void vpmaddwd(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPMADDWD, d, a, b);
  }

  void vpaddw(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPADDW, d, a, b);
  }

  void vpaddd(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPADDD, d, a, b);
  }

  void vpsubd(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPSUBD, d, a, b);
  }

  void vpmulld(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPMULLD, d, a, b);
  }

  void vpmaxsd(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPMAXSD, d, a, b);
  }

  void vpand(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPAND, d, a, b);
  }

  void vpandn(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPANDN, d, a, b);
  }

  void vpor(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPOR, d, a, b);
  }

  void vpxor(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPXOR, d, a, b);
  }

  void vfmadd231ps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VFMADD231PS, d, a, b);
  }

  /// `d = a · d + b`, where the other form is `d = a · b + d`.
  void vfmadd213ps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VFMADD213PS, d, a, b);
  }

  void vfnmadd231ps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VFNMADD231PS, d, a, b);
  }

  void vaddps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VADDPS, d, a, b);
  }

  void vmulps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VMULPS, d, a, b);
  }

  void vsubps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VSUBPS, d, a, b);
  }

  void vminps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VMINPS, d, a, b);
  }

  void vdivps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VDIVPS, d, a, b);
  }

  void vmaxps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VMAXPS, d, a, b);
  }

  void vxorps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VXORPS, d, a, b);
  }

  void vsqrtps(Vec d, Operand a) {
    vectors.emit(VectorOp.VSQRTPS, d, a);
  }

  /// The lower pairs of `a` and `b`, lane by lane in turn, in each 128 bits.
  void vunpcklps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VUNPCKLPS, d, a, b);
  }

  /// The same of the upper pairs.
  void vunpckhps(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VUNPCKHPS, d, a, b);
  }

  /// Narrows 32-bit lanes to 16 bits with saturation: those of `a`, then those of `b`, in each 128
  /// bits.
  void vpackssdw(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPACKSSDW, d, a, b);
  }

  /// The same from 16 to 8 bits.
  void vpacksswb(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPACKSSWB, d, a, b);
  }

  void vshufps(Vec d, Vec a, Operand b, int order) {
    vectors.emit(VectorOp.VSHUFPS, d, a, b, order);
  }

  /// Sets all bits of the lanes of `d` in which `a` and `b` compare so, and clears the others.
  void vcmpps(Vec d, Vec a, Operand b, int predicate) {
    vectors.emit(VectorOp.VCMPPS, d, a, b, predicate);
  }

  /// The same into an opmask register.
  void vcmppsMask(int mask, Vec a, Operand b, int predicate) {
    vectors.emit(VectorOp.VCMPPS_MASK, new Vec(mask, a.bits(), 0, false), a, b, predicate);
  }

  void vpshufb(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPSHUFB, d, a, b);
  }

  void vpermb(Vec d, Vec a, Operand b) {
    vectors.emit(VectorOp.VPERMB, d, a, b);
  }

  void vbroadcastss(Vec d, Operand a) {
    vectors.emit(VectorOp.VBROADCASTSS, d, a);
  }

  void vpbroadcastd(Vec d, Operand a) {
    vectors.emit(VectorOp.VPBROADCASTD, d, a);
  }

  void vbroadcasti128(Vec d, Operand a) {
    vectors.emit(VectorOp.VBROADCASTI128, d, a);
  }

  void vpabsb(Vec d, Operand a) {
    vectors.emit(VectorOp.VPABSB, d, a);
  }

  void vcvtdq2ps(Vec d, Operand a) {
    vectors.emit(VectorOp.VCVTDQ2PS, d, a);
  }

  void vcvtps2dq(Vec d, Operand a) {
    vectors.emit(VectorOp.VCVTPS2DQ, d, a);
  }

  void vcvtph2ps(Vec d, Operand a) {
    vectors.emit(VectorOp.VCVTPH2PS, d, a);
  }

  void vpmovzxbd(Vec d, Operand a) {
    vectors.emit(VectorOp.VPMOVZXBD, d, a);
  }

  void vpmovsxbd(Vec d, Operand a) {
    vectors.emit(VectorOp.VPMOVSXBD, d, a);
  }

  void vpmovzxbw(Vec d, Operand a) {
    vectors.emit(VectorOp.VPMOVZXBW, d, a);
  }

  void vpmovzxwd(Vec d, Operand a) {
    vectors.emit(VectorOp.VPMOVZXWD, d, a);
  }

  void vpsrlw(Vec d, Operand a, int bits) {
    vectors.emitDigit(VectorOp.VPSRLW, d, a, bits);
  }

  void vpsllw(Vec d, Operand a, int bits) {
    vectors.emitDigit(VectorOp.VPSLLW, d, a, bits);
  }

  void vpsrld(Vec d, Operand a, int bits) {
    vectors.emitDigit(VectorOp.VPSRLD, d, a, bits);
  }

  void vpsrad(Vec d, Operand a, int bits) {
    vectors.emitDigit(VectorOp.VPSRAD, d, a, bits);
  }

  void vpslld(Vec d, Operand a, int bits) {
    vectors.emitDigit(VectorOp.VPSLLD, d, a, bits);
  }

  private void plain(int opcode, Gpr register) {
    if (register.ordinal() > 7) {
      code.byteValue(0x41);
    }
    code.byteValue(opcode | register.ordinal() & 7);
  }

  private void arithmetic(int digit, Gpr d, int value) {
    boolean isShort = (byte) value == value;
    general(isShort ? 0x83 : 0x81, digit, d, 1, isShort ? 1 : 4);
    code.number(value, isShort ? 1 : 4);
  }

  private void shift(int digit, Gpr d, int bits) {
    general(0xc1, digit, d, 1, 1);
    code.byteValue(bits);
  }

  private void general(int opcode, int register, Operand operand, int isWide) {
    general(opcode, register, operand, isWide, 0);
  }

  private void general(int opcode, int register, Operand operand, int isWide, int bytesBehind) {
    rex(register, operand, isWide);
    code.byteValue(opcode);
    code.operand(register, operand, 1, bytesBehind);
  }

  private void code16(int opcode, int register, Operand operand, int isWide) {
    rex(register, operand, isWide);
    code.byteValue(0x0f);
    code.byteValue(opcode);
    code.operand(register, operand, 1, 0);
  }

  private void rex(int register, Operand operand, int isWide) {
    int base = 0;
    int index = 0;
    if (operand instanceof Gpr gpr) {
      base = gpr.ordinal();
    } else if (operand instanceof Mem mem) {
      base = mem.base().map(Gpr::ordinal).orElse(0);
      index = mem.index().map(Gpr::ordinal).orElse(0);
    }
    int rex = isWide << 3 | register >> 3 << 2 | index >> 3 << 1 | base >> 3;
    if (rex != 0) {
      code.byteValue(0x40 | rex);
    }
  }

  /// Whether a jump of two bytes gets there.
  private boolean reaches(Label target) {
    return target.isBound() && target.position() - (code.size() + 2) >= Byte.MIN_VALUE;
  }
}
