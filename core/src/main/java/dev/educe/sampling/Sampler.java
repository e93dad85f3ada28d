package dev.educe.sampling;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Chooses the tokens of one sequence.
///
/// The settings take effect in this order: penalties, top-k, typical, top-p, min-p, temperature. So
/// truncation sees the model's own probabilities, whatever the temperature. Each sees only what the
/// one before has left, and always at least one token remains. With temperature 0 the best token
/// after the penalties is taken and nothing is drawn.
///
/// The draw at a position is a function of seed, sequence and position alone: the same seed gives
/// the same tokens on every machine, however positions are computed and in whatever company. The
/// position is the number of tokens before the drawn one.
///
/// Immutable; what changes from choice to choice is in [Candidates].
public final class Sampler {
  private final Sampling sampling;
  private final long sequence;
  private final List<Step> chain;

  /// @param sequence tells sequences of the same seed apart
  public Sampler(Sampling sampling, long sequence) {
    this.sampling = sampling;
    this.sequence = sequence;
    this.chain = List.copyOf(chain(sampling));
  }

  /// How tokens are chosen.
  public Sampling sampling() {
    return sampling;
  }

  /// Chooses the token that follows.
  ///
  /// @param logits F32 `[vocabularySize]`, borrowed; −infinity excludes a token
  /// @param tokens the sequence so far, prompt included; the first `tokenCount` count
  /// @param scratch of the vocabulary's size, used for this call
  /// @throws NumericalException if a logit is NaN or +infinity, or none is finite
  /// @throws IllegalArgumentException if `logits` has another size than `scratch`
  public int next(MemorySegment logits, int[] tokens, int tokenCount, Candidates scratch) {
    scratch.begin(logits, tokens, tokenCount);
    for (var step : chain) {
      step.apply(scratch);
    }
    if (sampling.isGreedy()) {
      return scratch.best();
    }
    return scratch.draw(random(tokenCount));
  }

  private long random(long position) {
    var words = new int[4];
    Philox.block(sampling.seed(), position, sequence, words);
    return Integer.toUnsignedLong(words[0]) | (long) words[1] << 32;
  }

  private static List<Step> chain(Sampling sampling) {
    var chain = new ArrayList<Step>();
    if (sampling.hasPenalties()) {
      chain.add(
          new Penalties(
              sampling.repetitionPenalty(),
              sampling.presencePenalty(),
              sampling.frequencyPenalty(),
              sampling.penaltyTokens()));
    }
    if (sampling.isGreedy()) {
      return chain;
    }
    if (sampling.topK() > 0) {
      chain.add(candidates -> candidates.keepBest(sampling.topK()));
    }
    if (sampling.typicalP() < 1) {
      chain.add(candidates -> candidates.keepTypical(sampling.typicalP()));
    }
    if (sampling.topP() < 1) {
      chain.add(candidates -> candidates.keepShare(sampling.topP()));
    }
    if (sampling.minP() > 0) {
      chain.add(candidates -> candidates.keepLikely(sampling.minP()));
    }
    chain.add(candidates -> candidates.temperature(sampling.temperature()));
    return chain;
  }
}
