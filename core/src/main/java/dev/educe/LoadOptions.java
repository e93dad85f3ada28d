package dev.educe;

import dev.educe.engine.EngineOptions;
import dev.educe.kernels.KvType;
import dev.educe.platform.Machine;
import dev.educe.platform.MemoryBudget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/// How a model is loaded. Immutable; `withX` copies.
///
/// @param threads how many threads compute; 0 takes the machine's physical cores
/// @param contextLength tokens a sequence may have at most; 0 takes the model's own, at most 8,192
/// @param sequences how many sequences of that length the cache has room for at once
/// @param kv how keys and values are stored
/// @param kernels which kernels: empty chooses the fastest; else `scalar` or `vector`
/// @param dequantize whether weights are turned into F32 when loaded
/// @param waitingMax how many requests may wait for their turn; more are refused
/// @param waitMax how long one may wait; what would wait longer is refused at once. Zero for as
///   long as it takes
/// @param speculates whether steps compute guesses of what comes next where that saves time; it
///   changes no token
/// @param draft a smaller model of the same vocabulary that guesses; without one, guesses come from
///   the sequence's own tokens
/// @param budget what the memory is taken from; share one among models of one process
/// @param progress is told the loaded share, 0 to 1, now and then, on the loading thread
public record LoadOptions(
    int threads,
    int contextLength,
    int sequences,
    KvType kv,
    String kernels,
    boolean dequantize,
    int waitingMax,
    Duration waitMax,
    boolean speculates,
    Optional<Path> draft,
    MemoryBudget budget,
    DoubleConsumer progress) {
  /// The context of a model that allows more and is not told how much.
  public static final int CONTEXT_LENGTH_DEFAULT = 8_192;

  private static final int WAITING_DEFAULT = 1_024;

  // Beyond any machine, and low enough to catch a number meant for something else.
  private static final int THREADS_MAX = 4_096;
  private static final int SEQUENCES_MAX = 4_096;
  private static final int WAITING_MAX = 1_000_000;

  /// @throws IllegalArgumentException if a number is out of range
  public LoadOptions {
    if (threads < 0 || threads > THREADS_MAX) {
      throw new IllegalArgumentException("threads must be 0 to 4,096, got " + threads);
    }
    if (contextLength < 0) {
      throw new IllegalArgumentException(
          "contextLength must not be negative, got " + contextLength);
    }
    if (sequences < 1 || sequences > SEQUENCES_MAX) {
      throw new IllegalArgumentException("sequences must be 1 to 4,096, got " + sequences);
    }
    if (waitingMax < 1 || waitingMax > WAITING_MAX) {
      throw new IllegalArgumentException("waitingMax must be 1 to 1,000,000, got " + waitingMax);
    }
    if (waitMax.isNegative()) {
      throw new IllegalArgumentException("waitMax must not be negative, got " + waitMax);
    }
  }

  /// The fastest kernels, all physical cores, F16 keys and values, a budget of all memory that this
  /// process may use.
  public static LoadOptions defaults() {
    var budget = MemoryBudget.of(Machine.memoryBytes());
    return new LoadOptions(
        0,
        0,
        1,
        KvType.F16,
        "",
        false,
        WAITING_DEFAULT,
        Duration.ZERO,
        true,
        Optional.empty(),
        budget,
        _ -> {});
  }

  public LoadOptions withThreads(int threads) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withContextLength(int contextLength) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withSequences(int sequences) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withKv(KvType kv) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withKernels(String kernels) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withDequantize(boolean dequantize) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withWaiting(int waitingMax, Duration waitMax) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withSpeculation(boolean speculates) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withDraft(Path draft) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        Optional.of(draft),
        budget,
        progress);
  }

  public LoadOptions withBudget(MemoryBudget budget) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  public LoadOptions withProgress(DoubleConsumer progress) {
    return new LoadOptions(
        threads,
        contextLength,
        sequences,
        kv,
        kernels,
        dequantize,
        waitingMax,
        waitMax,
        speculates,
        draft,
        budget,
        progress);
  }

  /// The limits of the engine of a model that is loaded so.
  EngineOptions engineOptions(int contextLength, int sequencesMax, int window) {
    return EngineOptions.of(contextLength, sequencesMax)
        .withWindow(window)
        .withWaiting(waitingMax, waitingMax)
        .withWaitNanos(waitMax.toNanos());
  }
}
