package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RBX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Mem.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Set;

/// What this processor can do and the operating system lets it do, asked by a generated `cpuid`.
///
/// A feature counts only if the system saves the registers it needs (`xgetbv`).
///
/// @param present the features
record CpuFeatures(Set<Feature> present) {
  /// Instruction sets that kernels use.
  enum Feature {
    AVX2,
    FMA,
    F16C,
    AVX512F,
    AVX512BW,
    AVX512DQ,
    AVX512VL,
    AVX512VBMI,
    AVX512_VNNI,
    AVX_VNNI
  }

  private static final long YMM_STATE = 0x06;
  private static final long ZMM_STATE = 0xe6;
  private static final int EAX = 0;
  private static final int EBX = 1;
  private static final int ECX = 2;

  CpuFeatures {
    present = Set.copyOf(present);
  }

  /// Asks the processor.
  static CpuFeatures detect() {
    try (CodeArena code = new CodeArena();
        Arena arena = Arena.ofConfined()) {
      MemorySegment cpuid = code.add("cpuid", emitCpuid());
      MemorySegment xgetbv = code.add("xgetbv", emitXgetbv());
      return read(cpuid, xgetbv, arena.allocate(16, 16));
    }
  }

  boolean has(Feature... wanted) {
    return present.containsAll(Set.of(wanted));
  }

  private static CpuFeatures read(MemorySegment cpuid, MemorySegment xgetbv, MemorySegment out) {
    Set<Feature> found = EnumSet.noneOf(Feature.class);
    int leaves = ask(cpuid, out, 0, 0)[EAX];
    int[] basic = ask(cpuid, out, 1, 0);
    if (leaves < 7 || !bit(basic[ECX], 27)) {
      return new CpuFeatures(found);
    }
    int[] extended = ask(cpuid, out, 7, 0);
    boolean hasSecondLeaf = extended[EAX] >= 1;
    int[] more = hasSecondLeaf ? ask(cpuid, out, 7, 1) : new int[4];
    long saved = ask(xgetbv, out, 0, 0)[EAX];
    if ((saved & YMM_STATE) == YMM_STATE && bit(basic[ECX], 28)) {
      put(found, Feature.FMA, bit(basic[ECX], 12));
      put(found, Feature.F16C, bit(basic[ECX], 29));
      put(found, Feature.AVX2, bit(extended[EBX], 5));
      put(found, Feature.AVX_VNNI, bit(more[EAX], 4));
    }
    if ((saved & ZMM_STATE) == ZMM_STATE) {
      put(found, Feature.AVX512F, bit(extended[EBX], 16));
      put(found, Feature.AVX512DQ, bit(extended[EBX], 17));
      put(found, Feature.AVX512BW, bit(extended[EBX], 30));
      put(found, Feature.AVX512VL, bit(extended[EBX], 31));
      put(found, Feature.AVX512VBMI, bit(extended[ECX], 1));
      put(found, Feature.AVX512_VNNI, bit(extended[ECX], 11));
    }
    return new CpuFeatures(found);
  }

  private static boolean bit(int word, int index) {
    return (word >>> index & 1) != 0;
  }

  private static void put(Set<Feature> found, Feature feature, boolean isThere) {
    if (isThere) {
      found.add(feature);
    }
  }

  private static int[] ask(MemorySegment query, MemorySegment out, long leaf, long subLeaf) {
    // What it returns means nothing.
    GeneratedRows.run(query, out.address(), leaf, subLeaf, 0, 0, 0);
    return out.toArray(ValueLayout.JAVA_INT);
  }

  /// `void cpuid(int[4] out, long leaf, long subLeaf)`.
  private static Assembler emitCpuid() {
    Assembler a = new Assembler();
    a.push(RBX);
    a.mov(RAX, RSI);
    a.mov(RCX, RDX);
    a.cpuid();
    a.mov32(mem(RDI, 0), RAX);
    a.mov32(mem(RDI, 4), RBX);
    a.mov32(mem(RDI, 8), RCX);
    a.mov32(mem(RDI, 12), RDX);
    a.pop(RBX);
    a.ret();
    return a;
  }

  /// `void xgetbv(int[4] out, long register, long unused)`.
  private static Assembler emitXgetbv() {
    Assembler a = new Assembler();
    a.mov(RCX, RSI);
    a.xgetbv();
    a.mov32(mem(RDI, 0), RAX);
    a.ret();
    return a;
  }
}
