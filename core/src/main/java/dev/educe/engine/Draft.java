package dev.educe.engine;

import dev.educe.cache.PrefixKey;
import dev.educe.sampling.Sampler;

/// What a [Drafter] knows of a sequence, and its guesses, which lie behind the sequence's tokens.
///
/// Valid from call to call until the drafter is told to forget it. Only the engine's thread may use
/// it.
public final class Draft {
  /// How often guesses came true, of late.
  final Acceptance acceptance = new Acceptance();

  private final Sequence sequence;
  private int wanted;
  private int guessed; // guesses that lie behind the tokens
  private int computing; // of those, how many the step computes
  private boolean isAhead;
  private boolean isBarred;
  private int computed; // guesses that steps computed, in all
  private int kept; // of those, how many came true

  Draft(Sequence sequence) {
    this.sequence = sequence;
  }

  /// The sequence's tokens and the guesses behind them; borrowed until the next [#add].
  public int[] tokens() {
    return sequence.tokens;
  }

  /// How many tokens the sequence has.
  public int count() {
    return sequence.count;
  }

  /// How many guesses are wanted.
  public int wanted() {
    return wanted;
  }

  /// How many there are.
  public int guessed() {
    return guessed;
  }

  /// What the sequence's pages may be shared with.
  public PrefixKey key() {
    return sequence.work.key();
  }

  /// What chooses the sequence's tokens; not to be used, but to be copied.
  public Sampler sampler() {
    return sequence.work.sampler();
  }

  /// Adds a guess.
  ///
  /// @throws IllegalStateException if there are as many as are wanted
  public void add(int token) {
    if (guessed == wanted) {
      throw new IllegalStateException("no more than %,d guesses are wanted".formatted(wanted));
    }
    sequence.put(sequence.count + guessed, token);
    guessed++;
  }

  /// Drops all guesses, and wants so many.
  void clear(int wanted) {
    this.wanted = wanted;
    guessed = 0;
  }

  /// Keeps guesses up to the first that is no token.
  void keepBelow(int vocabularySize) {
    for (int i = 0; i < guessed; i++) {
      int token = sequence.tokens[sequence.count + i];
      if (token < 0 || token >= vocabularySize) {
        guessed = i;
      }
    }
  }

  /// How many of the guesses the step computes.
  void compute(int count) {
    computing = count;
    computed += count;
  }

  /// A token of the sequence is about to lie where its first guess is.
  void meet(int token) {
    if (guessed == 0) {
      isAhead = false;
      return;
    }
    boolean isRight = sequence.tokens[sequence.count] == token;
    acceptance.saw(isRight);
    isAhead = isRight && computing > 0;
    guessed = isRight ? guessed - 1 : 0;
    computing = isAhead ? computing - 1 : 0;
    kept += isAhead ? 1 : 0;
  }

  /// Whether the sequence's last token is in its pages as a guess that came true. It does not count
  /// as computed before another one follows, for its logits are wanted.
  boolean isAhead() {
    return isAhead;
  }

  /// The step has ended: what is left of its guesses was rejected.
  void settle() {
    computing = 0;
    isAhead = false;
  }

  /// No more guesses for this sequence.
  void bar() {
    isBarred = true;
  }

  boolean isBarred() {
    return isBarred;
  }

  /// Guesses that steps have computed.
  int computed() {
    return computed;
  }

  /// Of those, how many did not come true.
  int rejected() {
    return computed - kept;
  }
}
