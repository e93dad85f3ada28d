package dev.educe.sampling;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Chooses the tokens of one sequence.
///
/// First come the biases and bans of [TokenRules], then the request's [LogitsProcessor]s, then the
/// mask of its [Constraint], so that nothing brings a token back that does not fit; then the stages
/// of [Sampling#order], each of which sees only what the one before has left; always at least one
/// token remains. By default truncation comes before the temperature and so sees the model's own
/// probabilities. At temperature 0 the best token after the stages that change scores
/// ([Stage#PENALTIES] and [Stage#DRY]) is taken, and nothing is drawn. With [Mirostat] those stages
/// and the temperature come first, in their order, and its truncation takes the place of all other.
///
/// The draw at a position is a function of seed, sequence and position alone: the same seed gives
/// the same tokens on every machine, however positions are computed and in whatever company. The
/// position is the number of tokens before the drawn one.
///
/// Penalties and DRY are computed from the sequence's tokens at each choice, so that there is no
/// state which preemption or a rejected draft could spoil. Only mirostat's bound depends on what
/// was drawn before: it is kept here. Make one sampler for a sequence, keep it as long as the
/// sequence lives, and let it choose each position once, ascending; a preempted sequence has its
/// tokens computed, but not chosen again.
///
/// Used by one thread at a time; scratch is in [Candidates].
public final class Sampler {
  private final Sampling sampling;
  private final long sequence;
  private final Vocabulary vocabulary;
  private final int[] ends; // ascending
  private final int fewest; // tokens of the sequence, before which it may not end
  private final List<LogitsProcessor> processors;
  private final Optional<Constraint> constraint;
  private final boolean forces; // takes what the constraint leaves no choice about
  private final Step[] rules;
  private final Step[] chain;
  private final int[] random = new int[4]; // of this position
  private float mirostatBound;

  /// Chooses without knowing the vocabulary: only [TokenRules#stopIds] end the sequence, and no
  /// text breaks a repetition.
  ///
  /// @param sequence tells sequences of the same seed apart
  public Sampler(Sampling sampling, long sequence) {
    this(sampling, sequence, Vocabulary.UNKNOWN, 0, List.of(), Optional.empty());
  }

  /// @param sequence tells sequences of the same seed apart
  /// @param promptTokens how many of the sequence's tokens were not generated
  /// @param processors called in this order
  /// @param constraint of this sequence alone
  public Sampler(
      Sampling sampling,
      long sequence,
      Vocabulary vocabulary,
      int promptTokens,
      List<LogitsProcessor> processors,
      Optional<Constraint> constraint) {
    this.sampling = sampling;
    this.sequence = sequence;
    this.vocabulary = vocabulary;
    this.processors = List.copyOf(processors);
    this.constraint = constraint;
    // Those may ban the only token that is left, and are to see every position.
    this.forces =
        constraint.isPresent() && processors.isEmpty() && sampling.rules().bias().isEmpty();
    this.fewest = promptTokens + sampling.rules().minTokens();
    this.ends = ends(sampling.rules(), vocabulary);
    this.rules = rules(sampling.rules());
    this.chain = chain(sampling, vocabulary);
    this.mirostatBound = sampling.mirostat().firstBound();
  }

  /// A sampler that guesses this one's choices from the logits of another model: it draws the same
  /// numbers, and does without processors, constraint and mirostat, which only the sequence itself
  /// may move on.
  public Sampler guesser() {
    int promptTokens = fewest - sampling.rules().minTokens();
    return new Sampler(
        sampling.with(Mirostat.NONE),
        sequence,
        vocabulary,
        promptTokens,
        List.of(),
        Optional.empty());
  }

  /// How tokens are chosen.
  public Sampling sampling() {
    return sampling;
  }

  /// Whether a token ends the sequence: one of the vocabulary's, or a stop id.
  public boolean ends(int token) {
    return Arrays.binarySearch(ends, token) >= 0;
  }

  /// Chooses the token that follows.
  ///
  /// A [LogitsProcessor]'s exception passes through; the scratch can be used again.
  ///
  /// @param logits F32 `[vocabularySize]`, borrowed; −infinity excludes a token
  /// @param tokens the sequence so far, prompt included; the first `tokenCount` count
  /// @param scratch of the vocabulary's size, used for this call
  /// @throws NumericalException if a logit is NaN or +infinity, or every token is excluded
  /// @throws ConstraintException if the constraint leaves no token
  /// @throws IllegalArgumentException if `logits` has another size than `scratch`, or a bias is for
  ///   a token beyond it
  public int next(MemorySegment logits, int[] tokens, int tokenCount, Candidates scratch) {
    int token = choose(logits, tokens, tokenCount, scratch);
    if (constraint.isPresent()) {
      tell(constraint.get(), token);
    }
    return token;
  }

  /// The token that follows and needs no choice, since the constraint leaves no other: the one that
  /// [#next] would give, whatever the logits. It is then taken, and [#next] goes on after it.
  ///
  /// Empty, too, where biases or processors might have banned it, and where it ends the sequence.
  public OptionalInt forced() {
    if (!forces) {
      return OptionalInt.empty();
    }
    var token = constraint.get().forced();
    if (token.isEmpty() || ends(token.getAsInt())) {
      return OptionalInt.empty();
    }
    tell(constraint.get(), token.getAsInt());
    if (sampling.mirostat().isOn()) {
      mirostatBound = sampling.mirostat().nextBound(mirostatBound, 0);
    }
    return token;
  }

  /// Whether the constraint's text is complete, so that nothing but its end may follow.
  public boolean mustEnd() {
    return constraint.isPresent() && constraint.get().mustEnd();
  }

  private static void tell(Constraint constraint, int token) {
    if (!constraint.accept(token)) {
      throw new ConstraintException(
          "the constraint allowed token %,d and does not take it".formatted(token));
    }
  }

  private static void allow(Logits logits, Constraint constraint) {
    long[] allowed = constraint.allowed();
    boolean allowsAny = false;
    for (long word : allowed) {
      allowsAny |= word != 0;
    }
    if (!allowsAny) {
      throw new ConstraintException(
          "no token of the vocabulary fits the constraint at position %,d; loosen it"
              .formatted(logits.position()));
    }
    // A model may have more rows than its vocabulary has tokens.
    int words = Math.ceilDiv(logits.size(), Long.SIZE);
    allowed = allowed.length < words ? Arrays.copyOf(allowed, words) : allowed;
    var otherwise = constraint.otherwise();
    // What rules or processors exclude stays excluded.
    if (otherwise.isPresent() && logits.at(otherwise.getAsInt()) > Float.NEGATIVE_INFINITY) {
      int token = otherwise.getAsInt();
      logits.set(token, Math.max(logits.at(token), bestBanned(logits, allowed)));
    }
    logits.allowOnly(allowed);
  }

  private static float bestBanned(Logits logits, long[] allowed) {
    float best = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < logits.size(); id++) {
      if ((allowed[id / Long.SIZE] >>> id & 1) == 0) {
        best = Math.max(best, logits.at(id));
      }
    }
    return best;
  }

  private int choose(MemorySegment logits, int[] tokens, int tokenCount, Candidates scratch) {
    scratch.begin(logits, tokens, tokenCount);
    Philox.block(sampling.seed(), tokenCount, sequence, random);
    for (var rule : rules) {
      rule.apply(scratch);
    }
    for (int i = 0; i < processors.size(); i++) {
      processors.get(i).process(scratch.view());
    }
    if (constraint.isPresent()) {
      allow(scratch.view(), constraint.get());
    }
    for (var step : chain) {
      step.apply(scratch);
    }
    if (sampling.isGreedy()) {
      return scratch.best();
    }
    long bits = Integer.toUnsignedLong(random[0]) | (long) random[1] << 32;
    long total = scratch.beginDraw();
    int token = scratch.draw(bits, total);
    if (sampling.mirostat().isOn()) {
      float surprise = -scratch.logProbability(token, total) / Mirostat.LN_2;
      mirostatBound = sampling.mirostat().nextBound(mirostatBound, surprise);
    }
    return token;
  }

  private static int[] ends(TokenRules rules, Vocabulary vocabulary) {
    if (rules.stopIds().isEmpty()) {
      return vocabulary.ends();
    }
    int[] known = vocabulary.ends();
    int[] all = Arrays.copyOf(known, known.length + rules.stopIds().size());
    int count = known.length;
    for (int id : rules.stopIds()) {
      all[count++] = id;
    }
    Arrays.sort(all);
    return all;
  }

  private Step[] rules(TokenRules rules) {
    var steps = new ArrayList<Step>();
    if (!rules.bias().isEmpty()) {
      steps.add(bias(rules.bias()));
    }
    if (rules.minTokens() > 0) {
      steps.add(this::excludeEnds);
    }
    return steps.toArray(Step[]::new);
  }

  private static Step bias(Map<Integer, Float> bias) {
    int[] ids = bias.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    var values = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      values[i] = bias.get(ids[i]);
    }
    return candidates -> {
      for (int i = 0; i < ids.length; i++) {
        if (ids[i] >= candidates.vocabularySize()) {
          throw new IllegalArgumentException(
              "logitBias names token %,d; the vocabulary has %,d tokens"
                  .formatted(ids[i], candidates.vocabularySize()));
        }
        candidates.score(ids[i], candidates.score(ids[i]) + values[i]);
      }
    };
  }

  private void excludeEnds(Candidates candidates) {
    if (candidates.tokenCount() < fewest) {
      for (int id : ends) {
        if (id < candidates.vocabularySize()) {
          candidates.score(id, Float.NEGATIVE_INFINITY);
        }
      }
    }
  }

  private Step[] chain(Sampling sampling, Vocabulary vocabulary) {
    var chain = new ArrayList<Step>();
    for (Stage stage : sampling.order()) {
      if (isOn(stage)) {
        chain.add(step(stage, vocabulary));
      }
    }
    if (sampling.mirostat().isOn() && !sampling.isGreedy()) {
      var exponents = new float[Mirostat.ESTIMATED];
      chain.add(candidates -> sampling.mirostat().apply(candidates, mirostatBound, exponents));
    }
    return chain.toArray(Step[]::new);
  }

  private boolean isOn(Stage stage) {
    var truncation = sampling.truncation();
    boolean draws = !sampling.isGreedy();
    boolean truncates = draws && !sampling.mirostat().isOn();
    return switch (stage) {
      case PENALTIES -> sampling.penalties().isOn();
      case DRY -> sampling.dry().isOn();
      case TOP_N_SIGMA -> truncates && truncation.topNSigma() > 0;
      case TOP_K -> truncates && truncation.topK() > 0;
      case TYP_P -> truncates && truncation.typicalP() < 1;
      case TOP_P -> truncates && truncation.topP() < 1;
      case MIN_P -> truncates && truncation.minP() > 0;
      case XTC -> truncates && sampling.xtc().isOn();
      case TEMPERATURE -> draws;
    };
  }

  private Step step(Stage stage, Vocabulary vocabulary) {
    var truncation = sampling.truncation();
    return switch (stage) {
      case PENALTIES -> sampling.penalties()::apply;
      case DRY -> new Repetitions(sampling.dry(), vocabulary.breakers(sampling.dry().breakers()));
      case TOP_N_SIGMA -> candidates -> candidates.keepDeviations(truncation.topNSigma());
      case TOP_K -> candidates -> candidates.keepBest(truncation.topK());
      case TYP_P -> candidates -> candidates.keepTypical(truncation.typicalP());
      case TOP_P -> candidates -> candidates.keepShare(truncation.topP());
      case MIN_P -> candidates -> candidates.keepLikely(truncation.minP());
      case XTC -> candidates -> sampling.xtc().apply(candidates, random[2]);
      case TEMPERATURE ->
          sampling.dynamic().isOn()
              ? candidates -> sampling.dynamic().apply(candidates, sampling.temperature())
              : candidates -> candidates.temperature(sampling.temperature());
    };
  }
}
