package dev.educe.cli;

import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.kernels.KvType;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options of every command that runs a model, and how the model is loaded with them.
final class Loading {
  /// More than any machine has.
  private static final int THREADS_MAX = 1024;

  /// More than any model's context.
  static final int CONTEXT_MAX = 1 << 24;

  private static final List<String> KERNELS = List.of("scalar", "vector", "generated");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private ModelFile file;

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

  /// @param contextLength of a sequence; 0 takes the model's own
  /// @param kvDefault unless the option says otherwise
  LoadOptions options(int contextLength, KvType kvDefault) {
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
    return LoadOptions.defaults()
        .withThreads(threads == null ? 0 : threads)
        .withContextLength(contextLength)
        .withKernels(kernels == null ? "" : kernels)
        .withKv(kv == null ? kvDefault : kvType(bounds));
  }

  private KvType kvType(Bounds bounds) {
    var found =
        Arrays.stream(KvType.values()).filter(type -> type.name().equalsIgnoreCase(kv)).findFirst();
    bounds.check(found.isPresent(), "--kv", "f32, f16 or i8", kv);
    return found.orElseThrow();
  }

  /// Loads the model, with a bar where it takes long.
  Model load(Console console, LoadOptions options) throws IOException {
    var path = file.require();
    try (var progress = new Progress(console, "loading")) {
      return Model.load(path, options.withProgress(progress));
    }
  }

  /// The argument MODEL.
  ModelFile file() {
    return file;
  }
}
