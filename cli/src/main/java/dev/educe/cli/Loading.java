package dev.educe.cli;

import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.kernels.KvType;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/// The options of every command that runs a model, and how the model is loaded with them.
final class Loading {
  /// More than any model's context.
  static final int CONTEXT_MAX = 1 << 24;

  @Mixin private ModelFile file;

  @Mixin private Computing computing;

  /// @param contextLength of a sequence; 0 takes the model's own
  /// @param kvDefault unless the option says otherwise
  LoadOptions options(int contextLength, KvType kvDefault) {
    return computing.options(contextLength, kvDefault);
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
