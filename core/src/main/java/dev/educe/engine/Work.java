package dev.educe.engine;

import dev.educe.cache.PrefixKey;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;

/// One sequence to be generated: what a caller hands to the engine. `withX` copies.
///
/// @param prompt its tokens; not changed by anybody from now on
/// @param tokensMax how many tokens to generate at most; fewer if the context is full
/// @param key what its pages may be shared with; it names the tenant
/// @param priority requests of a higher one go first; the lower ones still move
/// @param waitNanosMax how long it may wait for its first step; 0 for as long as it takes
/// @param nanosMax how long it may take in all; 0 for as long as it takes
/// @param sampler chooses its tokens; the engine's thread alone uses it
/// @param ends which tokens end the text and are not part of it
/// @param text turns tokens into text; the engine's thread alone uses it
/// @param rows what is read of the prompt's positions, if anything is
/// @param logprobs how many of the likeliest tokens each event names; empty for no probabilities
/// @param sharesPrompt whether the prompt is that of another work, and counted there
/// @param listener is told what becomes of it
public record Work(
    int[] prompt,
    int tokensMax,
    PrefixKey key,
    int priority,
    long waitNanosMax,
    long nanosMax,
    Sampler sampler,
    IntPredicate ends,
    TokenText text,
    Optional<Rows> rows,
    OptionalInt logprobs,
    boolean sharesPrompt,
    Listener listener) {
  /// Reads rows on the engine's thread; one that throws fails its request.
  @FunctionalInterface
  public interface RowReader {
    /// @param position in the prompt; each comes once, in ascending order
    /// @param row F32 `[vocabularySize]` of logits or `[stateSize]` of a state, borrowed for the
    ///   call
    /// @param scratch for a [dev.educe.sampling.LogProbabilities], borrowed as well
    void row(int position, MemorySegment row, Candidates scratch);
  }

  /// What is read of the prompt's positions.
  ///
  /// @param areStates whether hidden states after the final norm are read, and not logits
  /// @param from the first position that is read
  public record Rows(boolean areStates, int from, RowReader reader) {}

  /// @throws IllegalArgumentException if there is no prompt, a number is negative, or a work that
  ///   reads states is to generate
  public Work {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt is empty; give at least one token");
    }
    if (tokensMax < 0 || waitNanosMax < 0 || nanosMax < 0) {
      throw new IllegalArgumentException(
          "tokensMax and times must not be negative, got %d, %d and %d"
              .formatted(tokensMax, waitNanosMax, nanosMax));
    }
    if (tokensMax > 0 && rows.isPresent() && rows.get().areStates()) {
      throw new IllegalArgumentException(
          "states are read of prompts that are not continued, got tokensMax " + tokensMax);
    }
  }

  /// Only ids, no token that ends the text, priority 0, no deadline.
  public static Work of(
      int[] prompt, int tokensMax, PrefixKey key, Sampler sampler, Listener listener) {
    return new Work(
        prompt,
        tokensMax,
        key,
        0,
        0,
        0,
        sampler,
        _ -> false,
        TokenText.NONE,
        Optional.empty(),
        OptionalInt.empty(),
        false,
        listener);
  }

  public Work withPriority(int priority) {
    return new Work(
        prompt,
        tokensMax,
        key,
        priority,
        waitNanosMax,
        nanosMax,
        sampler,
        ends,
        text,
        rows,
        logprobs,
        sharesPrompt,
        listener);
  }

  public Work withDeadlines(long waitNanosMax, long nanosMax) {
    return new Work(
        prompt,
        tokensMax,
        key,
        priority,
        waitNanosMax,
        nanosMax,
        sampler,
        ends,
        text,
        rows,
        logprobs,
        sharesPrompt,
        listener);
  }

  public Work withText(IntPredicate ends, TokenText text) {
    return new Work(
        prompt,
        tokensMax,
        key,
        priority,
        waitNanosMax,
        nanosMax,
        sampler,
        ends,
        text,
        rows,
        logprobs,
        sharesPrompt,
        listener);
  }

  /// Reads the logits of all positions of the prompt.
  public Work withRows(RowReader reader) {
    return with(new Rows(false, 0, reader));
  }

  /// Reads the states of the prompt's positions from one on. Its pages are not kept for others, for
  /// such texts hardly ever come again.
  public Work withStates(int from, RowReader reader) {
    return with(new Rows(true, from, reader));
  }

  /// Whether states are read.
  boolean readsStates() {
    return rows.isPresent() && rows.get().areStates();
  }

  private Work with(Rows rows) {
    return new Work(
        prompt,
        tokensMax,
        key,
        priority,
        waitNanosMax,
        nanosMax,
        sampler,
        ends,
        text,
        Optional.of(rows),
        logprobs,
        sharesPrompt,
        listener);
  }

  public Work withLogprobs(OptionalInt logprobs) {
    return new Work(
        prompt,
        tokensMax,
        key,
        priority,
        waitNanosMax,
        nanosMax,
        sampler,
        ends,
        text,
        rows,
        logprobs,
        sharesPrompt,
        listener);
  }

  public Work withSharedPrompt(boolean sharesPrompt) {
    return new Work(
        prompt,
        tokensMax,
        key,
        priority,
        waitNanosMax,
        nanosMax,
        sampler,
        ends,
        text,
        rows,
        logprobs,
        sharesPrompt,
        listener);
  }
}
