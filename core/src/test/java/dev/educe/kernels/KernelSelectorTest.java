package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which kernels are chosen, and what is said about it.
class KernelSelectorTest {
  private static final String MODULE = "--add-modules=jdk.incubator.vector";

  @Test
  void aWrongNameIsAnsweredWithTheRightOnes() {
    var failure =
        assertThrows(IllegalArgumentException.class, () -> KernelSelector.select("vektor"));
    assertEquals(
        "there are no kernels called 'vektor'; there are: scalar, vector, generated,"
            + " generated:TIER",
        failure.getMessage());
  }

  @Test
  void scalarKernelsAreThereForTheAsking() {
    var selection = KernelSelector.select("scalar");
    assertEquals("scalar", selection.kernels().name());
    assertEquals("scalar: asked for by name", selection.reason());
  }

  @Test
  void vectorKernelsNameTheirWidth() {
    var selection = KernelSelector.select("vector");
    assertEquals("vector " + Lanes.BITS, selection.kernels().name());
    assertTrue(selection.reason().startsWith("vector " + Lanes.BITS + ": "), selection.reason());
  }

  @Test
  void generatedKernelsNameTheirTierOrSayWhyThereAreNone() {
    try {
      var selection = KernelSelector.select("generated");
      assertTrue(selection.kernels().name().startsWith("generated avx"), selection.reason());
      assertTrue(selection.reason().endsWith(": asked for by name"), selection.reason());
    } catch (IllegalArgumentException refused) {
      String start = "the kernels 'generated' cannot run: ";
      assertTrue(refused.getMessage().startsWith(start), refused.getMessage());
    }
    var wrong =
        assertThrows(IllegalArgumentException.class, () -> KernelSelector.select("generated:mmx"));
    assertTrue(wrong.getMessage().contains("'generated' cannot run"), wrong.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "-Xint, 'scalar: this java only interprets; start it without -Xint'",
    "-XX:TieredStopAtLevel=1, 'scalar: the compiler C2 is off; start java without"
        + " -XX:TieredStopAtLevel or -XX:CompilationMode'",
    "-XX:-UseFMA, 'scalar: fused multiply-add is off or this processor has none; start java"
        + " without -XX:-UseFMA and -XX:UseAVX, on a processor with FMA'",
    "-Deduce.kernels=scalar, 'scalar: asked for by name'",
    "-Deduce.kernels=simd, 'there are no kernels called ''simd''; there are: scalar, vector,"
        + " generated, generated:TIER'",
    "-Deduce.kernels.bits=100, '-Deduce.kernels.bits must be 128, 256 or 512, got ''100'''",
  })
  void eachReasonAgainstVectorsSaysWhatToDo(String option, String line) throws Exception {
    assertEquals(line, choice(List.of(MODULE, option)));
  }

  @Test
  void aMissingModuleIsNamedWithTheOptionThatBringsIt() throws Exception {
    String missing =
        "the module jdk.incubator.vector is missing; start java with --add-modules"
            + " jdk.incubator.vector";
    assertEquals("scalar: " + missing, choice(List.of()));
    assertEquals(
        "the kernels 'vector' cannot run: " + missing, choice(List.of("-Deduce.kernels=vector")));
  }

  @ParameterizedTest
  @CsvSource({"128", "256", "512"})
  void theWidthIsWhatTheOptionSays(int bits) throws Exception {
    String line = choice(List.of(MODULE, "-Deduce.kernels=vector", "-Deduce.kernels.bits=" + bits));
    assertTrue(line.startsWith("vector " + bits + ": asked for by name"), line);
  }

  /// What a JVM of its own, started with these options, prints about its choice.
  private static String choice(List<String> options) throws Exception {
    var command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    command.addAll(options);
    command.addAll(
        List.of(
            "-cp",
            folder(KernelSelector.class) + File.pathSeparator + folder(Choice.class),
            Choice.class.getName()));
    var process = new ProcessBuilder(command).start();
    process.getOutputStream().close();
    return new String(process.getInputStream().readAllBytes()).strip();
  }

  private static Path folder(Class<?> of) throws URISyntaxException, IOException {
    return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI()).toRealPath();
  }

  /// Prints the choice of its JVM.
  static final class Choice {
    private Choice() {}

    public static void main(String[] arguments) {
      try {
        System.out.println(KernelSelector.select("").reason());
      } catch (IllegalArgumentException refused) {
        System.out.println(refused.getMessage());
      }
    }
  }
}
