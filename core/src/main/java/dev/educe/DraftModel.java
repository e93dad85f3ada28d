package dev.educe;

import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.engine.ModelDrafter;
import dev.educe.engine.Ngrams;
import dev.educe.engine.Speculation;
import dev.educe.format.Gguf;
import dev.educe.format.UnsupportedModelException;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.platform.Clock;
import dev.educe.platform.Workers;
import dev.educe.sampling.Candidates;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;

/// Who guesses for a model, and what memory that takes.
record DraftModel(Speculation speculation, long bytes) {
  /// Loads what the options name.
  ///
  /// @param tokenizer of the model it guesses for
  /// @param workers which compute for both, in turns
  /// @param executorOptions of the model it guesses for
  /// @throws UnsupportedModelException if its vocabulary is another one
  /// @throws IOException if it cannot be read
  static DraftModel load(
      Tokenizer tokenizer,
      Kernels kernels,
      Workers workers,
      LoadOptions options,
      CpuExecutor.Options executorOptions)
      throws IOException {
    if (!options.speculates()) {
      return new DraftModel(Speculation.NONE, 0);
    }
    if (options.draft().isEmpty()) {
      return new DraftModel(Speculation.of(new Ngrams()), 0);
    }
    var path = options.draft().get();
    try (var file = Gguf.open(path)) {
      var decoder = Architectures.describe(file.metadata());
      var weights =
          Weights.bind(
              path.getFileName().toString(), decoder, file.tensors(), PanelLayout::supports);
      check(path, tokenizer, Tokenizer.of(file.metadata()));
      var executor =
          CpuExecutor.load(
              file, weights, kernels, workers, options.budget(), executorOptions, _ -> {});
      var candidates = new Candidates(decoder.vocabularySize(), kernels.logits());
      var drafter = new ModelDrafter(executor, candidates, Clock.system());
      return new DraftModel(Speculation.of(drafter), executor.bytes());
    }
  }

  /// Sizes may differ, for some makers pad them.
  private static void check(Path path, Tokenizer tokenizer, Tokenizer other)
      throws UnsupportedModelException {
    int common = Math.min(tokenizer.vocabularySize(), other.vocabularySize());
    for (int token = 0; token < common; token++) {
      if (!tokenizer.piece(token).equals(other.piece(token))) {
        throw new UnsupportedModelException(
            "%s cannot guess for this model: its token %,d is '%s' and not '%s'; choose a draft"
                    .formatted(
                        path.getFileName(), token, other.piece(token), tokenizer.piece(token))
                + " model of the same family");
      }
    }
  }
}
