package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.Gpr.R12;
import static dev.educe.kernels.codegen.Gpr.R13;
import static dev.educe.kernels.codegen.Gpr.R8;
import static dev.educe.kernels.codegen.Gpr.R9;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RBP;
import static dev.educe.kernels.codegen.Gpr.RBX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Gpr.RSP;
import static dev.educe.kernels.codegen.Mem.mem;
import static dev.educe.kernels.codegen.Vec.xmm;
import static dev.educe.kernels.codegen.Vec.ymm;
import static dev.educe.kernels.codegen.Vec.zmm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// The expected bytes were made by GNU `as` 2.40 from the line in each case's comment.
class AssemblerTest {
  private static void bytes(String expected, Consumer<Assembler> code) {
    Assembler a = new Assembler();
    code.accept(a);
    assertEquals(expected, HexFormat.ofDelimiter(" ").formatHex(a.finish()));
  }

  @Test
  void sixteenBitsAreStored() {
    // mov [rdx+2], ax
    bytes("88 42 02", a -> a.mov8(mem(RDX, 2), RAX));
    bytes("45 88 08", a -> a.mov8(mem(R8), R9));
    bytes("66 89 42 02", a -> a.mov16(mem(RDX, 2), RAX));
    // mov [r8], r9w
    bytes("66 45 89 08", a -> a.mov16(mem(R8), R9));
  }

  @Test
  void vectorInstructionsAreTheBytesOfAnAssembler() {
    // vpdpbusd zmm3, zmm1, dword ptr [rsi+64]{1to16}
    bytes("62 f2 75 58 50 5e 10", a -> a.vpdpbusd(zmm(3), zmm(1), mem(RSI, 64).broadcast()));
    // vpdpbusd zmm31, zmm17, zmm9
    bytes("62 42 75 40 50 f9", a -> a.vpdpbusd(zmm(31), zmm(17), zmm(9)));
    // {vex} vpdpbusd ymm3, ymm1, ymm2
    bytes("c4 e2 75 50 da", a -> a.vpdpbusdVex(ymm(3), ymm(1), ymm(2)));
    // vpmaddubsw ymm3, ymm1, [r12]
    bytes("c4 c2 75 04 1c 24", a -> a.vpmaddubsw(ymm(3), ymm(1), mem(R12)));
    // vpmaddwd zmm3, zmm20, [rbp+128]
    bytes("62 f1 5d 40 f5 5d 02", a -> a.vpmaddwd(zmm(3), zmm(20), mem(RBP, 128)));
    // vmovups zmm1, [r13+64]
    bytes("62 d1 7c 48 10 4d 01", a -> a.vmovups(zmm(1), mem(R13, 64)));
    // vmovups [rsp+r9*4-32], ymm15
    bytes("c4 21 7c 11 7c 8c e0", a -> a.vmovups(mem(RSP, -32).index(R9, 4), ymm(15)));
    // vmovups zmm1, [rax+65]
    bytes("62 f1 7c 48 10 88 41 00 00 00", a -> a.vmovups(zmm(1), mem(RAX, 65)));
    // vbroadcastss ymm8, dword ptr [r8+4]
    bytes("c4 42 7d 18 40 04", a -> a.vbroadcastss(ymm(8), mem(R8, 4)));
    // vcvtph2ps zmm2, [rbx+32]
    bytes("62 f2 7d 48 13 53 01", a -> a.vcvtph2ps(zmm(2), mem(RBX, 32)));
    // vcvtdq2ps zmm2, zmm2
    bytes("62 f1 7c 48 5b d2", a -> a.vcvtdq2ps(zmm(2), zmm(2)));
    // vfmadd231ps zmm2, zmm3, dword ptr [rdi+508]{1to16}
    bytes("62 f2 65 58 b8 57 7f", a -> a.vfmadd231ps(zmm(2), zmm(3), mem(RDI, 508).broadcast()));
    // vfmadd213ps zmm2, zmm3, dword ptr [rdi+508]{1to16}
    bytes("62 f2 65 58 a8 57 7f", a -> a.vfmadd213ps(zmm(2), zmm(3), mem(RDI, 508).broadcast()));
    // vshufps xmm1, xmm2, xmm2, 0x4e
    bytes("c5 e8 c6 ca 4e", a -> a.vshufps(xmm(1), xmm(2), xmm(2), 0x4e));
    // vcmpnltps ymm3, ymm1, [rsi+64]
    bytes("c5 f4 c2 5e 40 05", a -> a.vcmpps(ymm(3), ymm(1), mem(RSI, 64), 5));
    // vcmpnltps k3, zmm17, zmm2
    bytes("62 f1 74 40 c2 da 05", a -> a.vcmppsMask(3, zmm(17), zmm(2), 5));
    // vcmpnltps k1, zmm1, [rsi+64]
    bytes("62 f1 74 48 c2 4e 01 05", a -> a.vcmppsMask(1, zmm(1), mem(RSI, 64), 5));
    // vfnmadd231ps ymm2, ymm3, ymm4
    bytes("c4 e2 65 bc d4", a -> a.vfnmadd231ps(ymm(2), ymm(3), ymm(4)));
    // vpternlogd zmm1, zmm2, zmm3, 0xf8
    bytes("62 f3 6d 48 25 cb f8", a -> a.vpternlogd(zmm(1), zmm(2), zmm(3), 0xf8));
    // vpsrld ymm1, ymm9, 4
    bytes("c4 c1 75 72 d1 04", a -> a.vpsrld(ymm(1), ymm(9), 4));
    // vpslld zmm17, dword ptr [rsi]{1to16}, 3
    bytes("62 f1 75 50 72 36 03", a -> a.vpslld(zmm(17), mem(RSI).broadcast(), 3));
    // vpand ymm1, ymm2, ymm3 and vpandd zmm1, zmm2, zmm3
    bytes("c5 ed db cb", a -> a.vpand(ymm(1), ymm(2), ymm(3)));
    bytes("62 f1 6d 48 db cb", a -> a.vpand(zmm(1), zmm(2), zmm(3)));
    // vpmovzxbd zmm1, [rdi+16]
    bytes("62 f2 7d 48 31 4f 01", a -> a.vpmovzxbd(zmm(1), mem(RDI, 16)));
    // vextracti64x4 ymm1, zmm2, 1
    bytes("62 f3 fd 48 3b d1 01", a -> a.vextracti64x4(ymm(1), zmm(2), 1));
    // vmovd xmm1, eax
    bytes("c5 f9 6e c8", a -> a.vmovd(xmm(1), RAX));
  }

  @Test
  void generalInstructionsAreTheBytesOfAnAssembler() {
    // mov rax, [rsp]
    bytes("48 8b 04 24", a -> a.mov(RAX, mem(RSP)));
    // lea r8, [r9+r10*2+1000]
    bytes("4f 8d 84 51 e8 03 00 00", a -> a.lea(R8, mem(R9, 1000).index(R10, 2)));
    // imul rcx, r8, 288
    bytes("49 69 c8 20 01 00 00", a -> a.imul(RCX, R8, 288));
    // add rdi, 64
    bytes("48 83 c7 40", a -> a.add(RDI, 64));
    // movabs rax, 0x123456789abcdef
    bytes("48 b8 ef cd ab 89 67 45 23 01", a -> a.mov(RAX, 0x123456789abcdefL));
  }

  @Test
  void jumpsBackwardsAreShortWhereTheyReachAndForwardsAreLong() {
    bytes(
        "48 ff c8 75 fb",
        a -> {
          Label again = a.here();
          a.dec(RAX);
          a.jump(Condition.NOT_EQUAL, again);
        });
    bytes(
        "0f 84 01 00 00 00 c3 c3",
        a -> {
          Label end = new Label();
          a.jump(Condition.EQUAL, end);
          a.ret();
          a.bind(end);
          a.ret();
        });
    Assembler far = new Assembler();
    Label start = far.here();
    for (int i = 0; i < 200; i++) {
      far.ret();
    }
    far.jmp(start);
    assertEquals(205, far.size());
  }

  @Test
  void constantsLieBehindTheCodeOncePerValue() {
    // vpbroadcastd zmm1, [rip+2]; twice the same constant, aligned to four bytes
    bytes(
        "c4 e2 7d 58 0d 0b 00 00 00 c4 e2 7d 58 15 02 00 00 00 c3 00 0f 0f 0f 0f",
        a -> {
          a.vpbroadcastd(ymm(1), a.constant(0x0f0f0f0f));
          a.vpbroadcastd(ymm(2), a.constant(0x0f0f0f0f));
          a.ret();
        });
  }

  @Test
  void whatCannotBeEncodedIsRefused() {
    Assembler a = new Assembler();
    assertThrows(
        IllegalArgumentException.class, () -> a.vpmaddubsw(zmm(1), zmm(2), mem(RAX).broadcast()));
    assertThrows(IllegalArgumentException.class, () -> a.vpdpbusdVex(zmm(1), zmm(2), zmm(3)));
    assertThrows(IllegalArgumentException.class, () -> mem(RAX).index(RSP, 1));
    assertThrows(IllegalArgumentException.class, () -> mem(RAX).index(RCX, 3));
    assertThrows(IllegalArgumentException.class, () -> zmm(32));
    Label label = new Label();
    a.bind(label);
    assertThrows(IllegalStateException.class, () -> a.bind(label));
  }
}
