package dev.educe.server.model;

import dev.educe.LoadOptions;
import dev.educe.kernels.KvType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// How a model is loaded to be served.
///
/// @param contextLength tokens a text may have; 0 takes the model's own, at most 8,192
/// @param sequences how many texts of that length the cache has room for
/// @param kv how keys and values are stored
/// @param threads how many threads compute; 0 takes one for each core
/// @param kernels which; empty takes the fastest
/// @param waitingMax how many requests may wait for their turn
/// @param waitMax how long one may wait; zero for as long as it takes
/// @param chatTemplate a file in Jinja, `chatml` or `plain`; empty takes the model's own
/// @param speculates whether guesses of what comes next are computed where that saves time
/// @param draft a smaller model that guesses
public record ModelOptions(
    int contextLength,
    int sequences,
    KvType kv,
    int threads,
    String kernels,
    int waitingMax,
    Duration waitMax,
    String chatTemplate,
    boolean speculates,
    Optional<Path> draft) {
  /// Guesses come from the texts themselves.
  public ModelOptions(
      int contextLength,
      int sequences,
      KvType kv,
      int threads,
      String kernels,
      int waitingMax,
      Duration waitMax,
      String chatTemplate) {
    this(
        contextLength,
        sequences,
        kv,
        threads,
        kernels,
        waitingMax,
        waitMax,
        chatTemplate,
        true,
        Optional.empty());
  }

  /// The same in the library's terms.
  public LoadOptions loadOptions() {
    var options =
        LoadOptions.defaults()
            .withContextLength(contextLength)
            .withSequences(sequences)
            .withKv(kv)
            .withThreads(threads)
            .withKernels(kernels)
            .withWaiting(waitingMax, waitMax)
            .withSpeculation(speculates);
    return draft.map(options::withDraft).orElse(options);
  }
}
