package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Vec.zmm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.codegen.VectorOp.Encodings;
import dev.educe.kernels.codegen.VectorOp.Tuple;
import dev.educe.testing.Seeded;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A random stream of instructions, read back by GNU `objdump`, says what was asked for.
@ExtendWith(Seeded.class)
class AssemblerDisassemblyTest {
  private static final int ROUNDS = 40;
  private static final Gpr[] GPRS = Gpr.values();

  @TempDir Path directory;

  private final Assembler assembler = new Assembler();
  private final List<String> expected = new ArrayList<>();

  @Test
  void objdumpReadsWhatWasWritten(Random random) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/objdump")), "objdump is not installed");
    List<Method> methods =
        Arrays.stream(Assembler.class.getDeclaredMethods())
            .filter(method -> method.getName().startsWith("v") && method.getParameterCount() > 0)
            .filter(method -> method.getParameterTypes()[0] != int.class)
            // A disassembler knows the predicates by name.
            .filter(method -> !method.getName().startsWith("vcmpps"))
            .sorted(Comparator.comparing(Method::toString))
            .toList();
    assertTrue(methods.size() > 50, "only " + methods.size() + " vector instructions found");
    for (int round = 0; round < ROUNDS; round++) {
      for (Method method : methods) {
        vector(method, random);
      }
      general(random);
    }
    List<String> actual = disassemble();
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual.get(i));
    }
    assertEquals(expected.size(), actual.size());
  }

  private void vector(Method method, Random random) {
    Class<?>[] types = method.getParameterTypes();
    boolean isStore = types[0] != Vec.class;
    VectorOp op = op(method.getName(), isStore);
    boolean takesEvex = op.encodings != Encodings.VEX;
    boolean isWideOnly = op == VectorOp.VEXTRACTI64X4;
    int bits = isWideOnly || takesEvex && random.nextInt(3) == 0 ? 512 : 128 << random.nextInt(2);
    if (op.tuple == Tuple.BYTES_16 && bits == 128) {
      bits = 256;
    }
    if (method.getName().equals("vmovd")) {
      bits = 128;
    }
    boolean inEvex = op.encodings == Encodings.EVEX || bits == 512;
    int registers = takesEvex && (inEvex || random.nextBoolean()) ? 32 : 16;
    Object[] values = new Object[types.length];
    boolean canMask = registers == 32 && !isStore && !method.getName().equals("vmovd");
    for (int i = 0; i < types.length; i++) {
      if (types[i] == int.class) {
        values[i] = random.nextInt(method.getName().startsWith("vextract") ? 2 : 8);
      } else if (types[i] == Vec.class) {
        values[i] = new Vec(random.nextInt(registers), bits, 0, false);
        if (i == 0 && canMask && random.nextInt(4) == 0) {
          int k = 1 + random.nextInt(7);
          values[i] =
              random.nextBoolean() ? ((Vec) values[i]).masked(k) : ((Vec) values[i]).zeroed(k);
        }
      } else {
        values[i] = operand(op, types[i], bits, registers, random);
      }
    }
    try {
      method.invoke(assembler, values);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(method + Arrays.toString(values), e);
    }
    expected.add(text(op, values, inEvex));
  }

  private static VectorOp op(String name, boolean isStore) {
    String upper = name.replace("Vex", "_vex").toUpperCase(java.util.Locale.ROOT);
    boolean hasStore =
        isStore
            && Arrays.stream(VectorOp.values()).anyMatch(op -> op.name().equals(upper + "_STORE"));
    return VectorOp.valueOf(hasStore ? upper + "_STORE" : upper);
  }

  private static Operand operand(
      VectorOp op, Class<?> type, int bits, int registers, Random random) {
    if (type == Mem.class || random.nextBoolean() || op == VectorOp.VBROADCASTI128) {
      Mem mem = memory(random, op.memoryBytes(bits / 8, false));
      boolean canBroadcast = op.tuple == Tuple.FULL && registers == 32;
      if (op.digit >= 0 && registers == 16) {
        return new Vec(random.nextInt(registers), bits, 0, false);
      }
      return canBroadcast && random.nextBoolean() ? mem.broadcast() : mem;
    }
    if (op == VectorOp.VMOVD) {
      return GPRS[random.nextInt(16)];
    }
    int operandBits = Math.max(128, 8 * op.memoryBytes(bits / 8, false));
    return new Vec(random.nextInt(registers), operandBits, 0, false);
  }

  private static Mem memory(Random random, int unit) {
    int displacement =
        switch (random.nextInt(5)) {
          case 0 -> 0;
          case 1 -> random.nextInt(-128, 128);
          case 2 -> unit * random.nextInt(-130, 130);
          case 3 -> 4 * random.nextInt(-130, 130);
          default -> random.nextInt();
        };
    Mem mem = Mem.mem(GPRS[random.nextInt(16)], displacement);
    Gpr index = GPRS[random.nextInt(16)];
    return random.nextBoolean() && index != Gpr.RSP
        ? mem.index(index, 1 << random.nextInt(4))
        : mem;
  }

  private void general(Random random) {
    Gpr d = GPRS[random.nextInt(16)];
    Gpr b = GPRS[random.nextInt(16)];
    Mem m = memory(random, 8);
    int value = random.nextBoolean() ? random.nextInt(-200, 200) : random.nextInt();
    int bits = random.nextInt(2, 64);
    add("mov", () -> assembler.mov(d, b), d, b);
    add("mov", () -> assembler.mov(d, m), d, m);
    add("mov", () -> assembler.mov(m, b), m, b);
    add("mov", () -> assembler.mov(d, value), d, (long) value);
    add("movsxd", () -> assembler.movsxd(d, m), d, m);
    add("movabs", () -> assembler.mov(d, 0x123456789abL + value), d, 0x123456789abL + value);
    add("lea", () -> assembler.lea(d, m), d, m);
    add("add", () -> assembler.add(d, m), d, m);
    add("add", () -> assembler.add(d, value), d, (long) value);
    add("or", () -> assembler.or(d, b), d, b);
    add("and", () -> assembler.and(d, b), d, b);
    add("and", () -> assembler.and(d, value), d, (long) value);
    add("sub", () -> assembler.sub(d, m), d, m);
    add("sub", () -> assembler.sub(d, value), d, (long) value);
    add("xor", () -> assembler.xor(d, b), d, b);
    add("cmp", () -> assembler.cmp(d, m), d, m);
    add("cmp", () -> assembler.cmp(d, value), d, (long) value);
    add("test", () -> assembler.test(d, b), d, b);
    add("test", () -> assembler.test(d, value), d, (long) value);
    add("imul", () -> assembler.imul(d, m), d, m);
    add("imul", () -> assembler.imul(d, b, value), d, b, (long) value);
    add("shl", () -> assembler.shl(d, bits), d, (long) bits);
    add("shr", () -> assembler.shr(d, bits), d, (long) bits);
    add("sar", () -> assembler.sar(d, bits), d, (long) bits);
    add("neg", () -> assembler.neg(d), d);
    add("inc", () -> assembler.inc(d), d);
    add("dec", () -> assembler.dec(d), d);
    add("push", () -> assembler.push(d), d);
    add("pop", () -> assembler.pop(d), d);
    add("prefetchnta", () -> assembler.prefetchnta(m), m);
    add("prefetchw", () -> assembler.prefetchw(m), m);
    add("prefetcht1", () -> assembler.prefetcht1(m), m);
    add("movzx", () -> assembler.movzx16(d, m), d, m);
    int mask = 1 + random.nextInt(7);
    Vec any = zmm(random.nextInt(32));
    expected.add("vpmovb2m k" + mask + "," + text(any));
    assembler.vpmovb2m(mask, any);
    add("cpuid", assembler::cpuid);
    add("xgetbv", assembler::xgetbv);
    add("vzeroupper", assembler::vzeroupper);
    add("ret", assembler::ret);
  }

  private void add(String mnemonic, Runnable instruction, Object... operands) {
    instruction.run();
    String text = mnemonic;
    for (int i = 0; i < operands.length; i++) {
      text += (i == 0 ? " " : ",") + text(operands[i]);
    }
    expected.add(text);
  }

  private static String text(VectorOp op, Object[] operands, boolean inEvex) {
    boolean isEvex = inEvex;
    String text = "";
    for (Object operand : operands) {
      isEvex |= operand instanceof Vec vec && (vec.index() > 15 || vec.mask() != 0);
      isEvex |= operand instanceof Mem mem && (mem.isBroadcast() || op.digit >= 0);
      text += (text.isEmpty() ? "" : ",") + text(operand instanceof Integer i ? (long) i : operand);
    }
    text = (op == VectorOp.VPDPBUSD_VEX ? "{vex} " : "") + op.mnemonic(isEvex) + " " + text;
    return op == VectorOp.VMOVD
        ? text.replaceAll("\\br([a-d]x|[sb]p|[sd]i)$", "e$1").replaceAll("\\b(r\\d+)$", "$1d")
        : text;
  }

  private static String text(Object operand) {
    return switch (operand) {
      case Gpr gpr -> gpr.name().toLowerCase(java.util.Locale.ROOT);
      case Vec vec ->
          "xyz".charAt(Integer.numberOfTrailingZeros(vec.bits() / 128))
              + "mm"
              + vec.index()
              + (vec.mask() == 0 ? "" : "{k" + vec.mask() + "}" + (vec.zeroing() ? "{z}" : ""));
      case Mem mem -> text(mem);
      default -> "0x" + Long.toHexString((Long) operand);
    };
  }

  private static String text(Mem mem) {
    String text = (mem.isBroadcast() ? "bcst [" : "[") + text(mem.base().orElseThrow());
    text += mem.index().map(index -> "+" + text(index) + "*" + mem.scale()).orElse("");
    int displacement = mem.displacement();
    boolean isShown =
        displacement != 0 || mem.base().filter(b -> b == Gpr.RBP || b == Gpr.R13).isPresent();
    if (isShown) {
      text += (displacement < 0 ? "-0x" : "+0x") + Long.toHexString(Math.abs((long) displacement));
    }
    return text + "]";
  }

  private List<String> disassemble() throws IOException, InterruptedException {
    Path binary = Files.write(directory.resolve("code.bin"), assembler.finish());
    Path listing = directory.resolve("listing.txt");
    Process objdump =
        new ProcessBuilder(
                "objdump",
                "-D",
                "-b",
                "binary",
                "-m",
                "i386:x86-64",
                "-M",
                "intel",
                "--no-show-raw-insn",
                binary.toString())
            .redirectErrorStream(true)
            .redirectOutput(listing.toFile())
            .start();
    assertEquals(0, objdump.waitFor());
    return Files.readAllLines(listing).stream()
        .filter(line -> line.matches("\\s*[0-9a-f]+:\\s.*"))
        .map(line -> line.replaceFirst("^\\s*[0-9a-f]+:\\s+", "").strip())
        .map(line -> line.replaceAll("\\w+ BCST ", "bcst ").replaceAll("\\w+ PTR ", ""))
        .map(line ->
            line.replaceAll("\\{1to\\d+\\}|\\{evex\\} ", "").replaceAll("\\s+", " ").strip())
        .toList();
  }
}
