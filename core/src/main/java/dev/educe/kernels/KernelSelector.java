package dev.educe.kernels;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.educe.kernels.codegen.GeneratedKernels;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/// Chooses the kernels of this machine and says in one line what it chose and why not the better
/// one.
///
/// | `-Deduce.kernels=`  | chosen                                                             |
/// |---------------------|--------------------------------------------------------------------|
/// | nothing             | the fastest that runs well here                                    |
/// | `scalar`            | plain loops                                                        |
/// | `vector`            | the Vector API, of the machine's width or of `-Deduce.kernels.bits=` 128, 256 or 512 |
/// | `generated`         | code generated for this processor, what there is none for as `vector`    |
/// | `generated:TIER`    | the same with the instructions of a tier: `avx512vnni`, `avx512`, `avxvnni`, `avx2` |
public final class KernelSelector {
  /// The system property that names the kernels.
  public static final String KERNELS_PROPERTY = "educe.kernels";

  /// The system property that sets the width of vectors, in bits.
  public static final String BITS_PROPERTY = "educe.kernels.bits";

  private static final int BITS_MIN = 128;
  private static final int BITS_MAX = 512;
  private static final String GENERATED_TIER = "generated:";

  private KernelSelector() {}

  /// @param reason one line: what was chosen, and why nothing faster
  public record Selection(Kernels kernels, String reason) {}

  /// @param name `scalar`, `vector`, `generated` or `generated:TIER`; blank for what
  ///   `-Deduce.kernels` says
  /// @throws IllegalArgumentException if there are no kernels of that name or they cannot run here,
  ///   or if `-Deduce.kernels.bits` is set to anything but 128, 256 or 512
  public static Selection select(String name) {
    checkBits();
    String wanted = name.isBlank() ? System.getProperty(KERNELS_PROPERTY, "") : name;
    return switch (wanted.strip()) {
      case "" ->
          vectorObstacle()
              .map(obstacle -> new Selection(new ScalarKernels(), "scalar: " + obstacle))
              .orElseGet(KernelSelector::fastest);
      case "scalar" -> new Selection(new ScalarKernels(), "scalar: asked for by name");
      case "vector" -> askedVector();
      case "generated" -> askedGenerated("");
      case String tier when tier.startsWith(GENERATED_TIER) ->
          askedGenerated(tier.substring(GENERATED_TIER.length()));
      default ->
          throw new IllegalArgumentException(
              "there are no kernels called '"
                  + wanted
                  + "'; there are: scalar, vector, generated, generated:TIER");
    };
  }

  private static Selection fastest() {
    GeneratedKernels.Offer offer = GeneratedKernels.offer("", new VectorKernels());
    return offer
        .kernels()
        .map(kernels -> new Selection(kernels, kernels.name() + ": the fastest here"))
        .orElseGet(() -> vector("no code is generated, since " + offer.obstacle()));
  }

  private static Selection askedGenerated(String tier) {
    Kernels others = vectorObstacle().isEmpty() ? new VectorKernels() : new ScalarKernels();
    GeneratedKernels.Offer offer = GeneratedKernels.offer(tier, others);
    Kernels kernels =
        offer
            .kernels()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "the kernels 'generated' cannot run: " + offer.obstacle()));
    String rest = vectorObstacle().map(obstacle -> ", the rest scalar: " + obstacle).orElse("");
    return new Selection(kernels, kernels.name() + ": asked for by name" + rest);
  }

  /// Dense arithmetic for training: on the Vector API, in plain loops where that is missing or
  /// `-Deduce.kernels=scalar` is set. The bits are the same.
  public static DenseKernels dense() {
    checkBits();
    boolean scalar = System.getProperty(KERNELS_PROPERTY, "").strip().equals("scalar");
    return scalar || vectorObstacle().isPresent() ? new ScalarDense() : new VectorDense();
  }

  static String badBits(String value) {
    return "-D" + BITS_PROPERTY + " must be 128, 256 or 512, got " + value;
  }

  private static void checkBits() {
    String bits = System.getProperty(BITS_PROPERTY, "512");
    if (!bits.equals("128") && !bits.equals("256") && !bits.equals("512")) {
      throw new IllegalArgumentException(badBits("'" + bits + "'"));
    }
  }

  private static Selection askedVector() {
    if (!VectorModule.isPresent()) {
      throw new IllegalArgumentException(
          "the kernels 'vector' cannot run: " + vectorObstacle().orElseThrow());
    }
    return vector(
        vectorObstacle()
            .map(obstacle -> "asked for by name, but slow: " + obstacle)
            .orElse("asked for by name"));
  }

  private static Selection vector(String why) {
    var kernels = new VectorKernels();
    int machineBits = Math.min(BITS_MAX, Machine.vectorBits());
    String width = "";
    if (System.getProperty(BITS_PROPERTY) != null && Lanes.BITS != machineBits) {
      width =
          ", at a width set by -D%s (the machine's is %d)".formatted(BITS_PROPERTY, machineBits);
    }
    return new Selection(kernels, kernels.name() + ": " + why + width);
  }

  /// Why vector kernels would be slow or impossible, and what to do about it.
  private static Optional<String> vectorObstacle() {
    if (!VectorModule.isPresent()) {
      return Optional.of(
          "the module "
              + VectorModule.NAME
              + " is missing; start java with --add-modules "
              + VectorModule.NAME);
    }
    if (System.getProperty("java.vm.info", "").contains("interpreted mode")) {
      return Optional.of("this java only interprets; start it without -Xint");
    }
    if (option("UseJVMCICompiler").equals("true")) {
      return Optional.of("another compiler than C2 is on; start java with -XX:-UseJVMCICompiler");
    }
    // Four is C2's level.
    if (option("TieredStopAtLevel").matches("[0-3]")
        || option("CompilationMode").equals("quick-only")) {
      return Optional.of(
          "the compiler C2 is off; start java without -XX:TieredStopAtLevel or"
              + " -XX:CompilationMode");
    }
    if (option("EnableVectorSupport").equals("false")) {
      return Optional.of("vector intrinsics are off; start java without -XX:-EnableVectorSupport");
    }
    if (option("UseFMA").equals("false")) {
      return Optional.of(
          "fused multiply-add is off or this processor has none; start java without -XX:-UseFMA"
              + " and -XX:UseAVX, on a processor with FMA");
    }
    if (Machine.vectorBits() < BITS_MIN) {
      return Optional.of(
          "the compiler offers no vectors of 128 bits; use HotSpot without -XX:MaxVectorSize");
    }
    return Optional.empty();
  }

  /// The value of an option of the virtual machine; empty where it has no such option.
  private static String option(String name) {
    var machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (machine == null) {
      return "";
    }
    try {
      return machine.getVMOption(name).getValue();
    } catch (IllegalArgumentException noSuchOption) {
      return "";
    }
  }

  /// Apart, since it links only where the module is there.
  private static final class Machine {
    static int vectorBits() {
      return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }
  }
}
