package dev.educe.cli;

import dev.educe.LoadOptions;
import dev.educe.kernels.KvType;
import dev.educe.optimize.ReadingOptions;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options of every command that computes with models: threads, kernels, keys and values.
final class Computing {
  /// More than any machine has.
  private static final int THREADS_MAX = 1024;

  private static final List<String> KERNELS = List.of("scalar", "vector", "generated");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "How many threads compute; one for each core unless given.")
  private Integer threads;

  @Option(
      names = "--kernels",
      paramLabel = "NAME",
      description =
          "scalar, vector or generated[:TIER], which give the same bits; the fastest unless given.")
  private String kernels;

  @Option(
      names = "--kv",
      paramLabel = "TYPE",
      description =
          "How keys and values are stored: f32, f16 or i8; f16 by default, f32 for logits.")
  private String kv;

  /// For a model that generates.
  ///
  /// @param contextLength of a sequence; 0 takes the model's own
  /// @param kvDefault unless the option says otherwise
  LoadOptions options(int contextLength, KvType kvDefault) {
    check();
    return LoadOptions.defaults()
        .withThreads(threads == null ? 0 : threads)
        .withContextLength(contextLength)
        .withKernels(kernels == null ? "" : kernels)
        .withKv(kvType(kvDefault));
  }

  /// For a model that is measured.
  ///
  /// @param contextTokens tokens of a chunk
  ReadingOptions reading(int contextTokens) {
    check();
    return ReadingOptions.defaults()
        .withThreads(threads == null ? 0 : threads)
        .withContextTokens(contextTokens)
        .withKernels(kernels == null ? "" : kernels)
        .withKv(kvType(KvType.F16));
  }

  private void check() {
    var bounds = new Bounds(command.commandLine());
    if (threads != null) {
      bounds.check("--threads", threads, 1, THREADS_MAX);
    }
    if (kernels != null) {
      // A tier may follow a colon; which ones there are is the selector's to say.
      bounds.check(
          KERNELS.contains(kernels.replaceFirst("(?<=^generated):.*", "")),
          "--kernels",
          "scalar, vector, generated or generated:TIER",
          kernels);
    }
  }

  private KvType kvType(KvType kvDefault) {
    if (kv == null) {
      return kvDefault;
    }
    var found =
        Arrays.stream(KvType.values()).filter(type -> type.name().equalsIgnoreCase(kv)).findFirst();
    new Bounds(command.commandLine()).check(found.isPresent(), "--kv", "f32, f16 or i8", kv);
    return found.orElseThrow();
  }
}
