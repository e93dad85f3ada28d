package dev.educe.optimize;

import dev.educe.kernels.KvType;
import dev.educe.platform.Machine;
import dev.educe.platform.MemoryBudget;
import java.util.function.DoubleConsumer;

/// How a model is loaded to be measured. Immutable; `withX` copies.
///
/// @param threads how many threads compute; 0 takes the machine's physical cores
/// @param kernels which kernels: empty chooses the fastest
/// @param kv how keys and values are stored
/// @param contextTokens tokens of the longest text that is read
/// @param budget what the memory is taken from
/// @param progress is told the loaded share, 0 to 1, now and then, on the loading thread
public record ReadingOptions(
    int threads,
    String kernels,
    KvType kv,
    int contextTokens,
    MemoryBudget budget,
    DoubleConsumer progress) {
  /// Texts of this many tokens are what perplexities are usually of.
  public static final int CONTEXT_TOKENS_DEFAULT = 512;

  private static final int CONTEXT_TOKENS_MAX = 1 << 24;

  /// @throws IllegalArgumentException if a number is out of range
  public ReadingOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative, got " + threads);
    }
    if (contextTokens < 2 || contextTokens > CONTEXT_TOKENS_MAX) {
      throw new IllegalArgumentException(
          "contextTokens must be 2 to %,d, got %,d".formatted(CONTEXT_TOKENS_MAX, contextTokens));
    }
  }

  /// All physical cores, the fastest kernels, F16 keys and values, texts of 512 tokens, a budget of
  /// all memory that this process may use.
  public static ReadingOptions defaults() {
    var budget = MemoryBudget.of(Machine.memoryBytes());
    return new ReadingOptions(0, "", KvType.F16, CONTEXT_TOKENS_DEFAULT, budget, _ -> {});
  }

  public ReadingOptions withThreads(int threads) {
    return new ReadingOptions(threads, kernels, kv, contextTokens, budget, progress);
  }

  public ReadingOptions withKernels(String kernels) {
    return new ReadingOptions(threads, kernels, kv, contextTokens, budget, progress);
  }

  public ReadingOptions withKv(KvType kv) {
    return new ReadingOptions(threads, kernels, kv, contextTokens, budget, progress);
  }

  public ReadingOptions withContextTokens(int contextTokens) {
    return new ReadingOptions(threads, kernels, kv, contextTokens, budget, progress);
  }

  public ReadingOptions withProgress(DoubleConsumer progress) {
    return new ReadingOptions(threads, kernels, kv, contextTokens, budget, progress);
  }
}
