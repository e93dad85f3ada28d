package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeArenaTest {
  @BeforeEach
  void generatedCodeRunsHere() {
    assumeTrue(CodeArena.whyUnavailable().isEmpty(), () -> CodeArena.whyUnavailable().orElse(""));
  }

  private static Assembler sumOfTwo() {
    Assembler a = new Assembler();
    a.lea(Gpr.RAX, Mem.mem(Gpr.RDI).index(Gpr.RSI, 1));
    a.ret();
    return a;
  }

  @Test
  @SuppressWarnings("restricted")
  void codeIsCalledAndItsPagesAreReturned() throws Throwable {
    int open = CodeArena.openArenas();
    try (CodeArena arena = new CodeArena()) {
      MemorySegment code = arena.add("sum", sumOfTwo());
      var type =
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
      var sum = Linker.nativeLinker().downcallHandle(code, type);
      assertEquals(42L, (long) sum.invokeExact(40L, 2L));
      assertEquals(4096, arena.bytes());
      assertEquals(open + 1, CodeArena.openArenas());
    }
    assertEquals(open, CodeArena.openArenas());
  }

  @Test
  void noPageIsWritableAndExecutable() throws IOException {
    try (CodeArena arena = new CodeArena()) {
      MemorySegment code = arena.add("sum", sumOfTwo());
      String from = Long.toHexString(code.address()) + "-";
      assertTrue(code.isReadOnly());
      // Neighbouring mappings of equal protection are shown as one.
      String line =
          Files.readAllLines(Path.of("/proc/self/maps")).stream()
              .filter(each -> holds(each, code.address()))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no mapping at " + from));
      assertEquals("r-xp", line.split(" ")[1]);
    }
  }

  private static boolean holds(String line, long address) {
    String[] range = line.split(" ")[0].split("-");
    return Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
        && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0;
  }

  @Test
  void aDumpHoldsTheCode(@TempDir Path directory) throws IOException {
    System.setProperty(CodeArena.DUMP, directory.toString());
    try (CodeArena arena = new CodeArena()) {
      arena.add("sum", sumOfTwo());
    } finally {
      System.clearProperty(CodeArena.DUMP);
    }
    assertArrayEquals(sumOfTwo().finish(), Files.readAllBytes(directory.resolve("sum.bin")));
  }

  @Test
  void aClosedArenaTakesNothingAndClosesAgainInPeace() {
    CodeArena arena = new CodeArena();
    arena.close();
    arena.close();
    assertThrows(IllegalStateException.class, () -> arena.add("sum", sumOfTwo()));
  }

  @Test
  void theProcessorSaysWhatTheSystemSays() throws IOException {
    Path cpuinfo = Path.of("/proc/cpuinfo");
    assumeTrue(Files.isReadable(cpuinfo));
    String flags =
        Files.readAllLines(cpuinfo).stream()
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .orElseThrow();
    Set<String> known = Set.of(flags.split("[\\s:]+"));
    Set<String> expected =
        Arrays.stream(CpuFeatures.Feature.values())
            .map(feature -> feature.name().toLowerCase(Locale.ROOT))
            .filter(known::contains)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> found =
        CpuFeatures.detect().present().stream()
            .map(feature -> feature.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(expected, found);
  }

  @Test
  void aTierIsGivenOrRefusedInOneSentence() {
    assertTrue(Tier.choose("avx1024").reason().contains("choose one of avx512vnni, avx512"));
    for (Tier tier : Tier.values()) {
      Tier.Choice choice = Tier.choose(tier.label());
      assertEquals(choice.tier().isEmpty(), !choice.reason().isEmpty());
      assertFalse(choice.reason().contains("\n"));
    }
  }
}
