package dev.educe.engine;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/// Adds guesses to a step where that is likely to save time.
///
/// A step of a few rows takes hardly longer than one of a single row, for it waits for the weights;
/// so the rows that guesses need cost less than the steps they save. How much is measured: the time
/// of steps by their rows, and of each sequence how often its guesses come true. Guesses are added
/// one after the other, the likeliest first, and computed are as many as give the most tokens per
/// second: none where they seldom come true, or where a step is full.
///
/// Guesses take no pages from anybody: what does not fit free pages is not computed.
final class Speculator {
  private static final System.Logger LOG = System.getLogger(Speculator.class.getName());

  // How often a drafter that costs time is asked though it would not pay, to see whether it does
  // by now.
  private static final int STEPS_PER_PROBE = 64;

  // What guesses must gain: less may as well be chance.
  private static final double GAIN_MIN = 1.03;

  // How far a sequence that ends changes what is expected of those that come.
  private static final double EXPECTATION_CHANGE = 0.1;

  private final Speculation settings;
  private final int vocabularySize;
  private final int batchTokensMax;
  private final int batchLogitsMax;
  private final StepTimes times = new StepTimes();
  private final List<Plan.Slice> slices = new ArrayList<>(); // those that may have guesses
  private final List<Draft> drafts = new ArrayList<>();
  private int[] room = new int[16]; // by slice: how many guesses it may have
  private int[] chosen = new int[16]; // by slice: how many it has
  private Drafter drafter;
  private double expectedRate = 0.5; // of guesses that come true, of a sequence just begun
  private int idle; // steps since the drafter was asked

  Speculator(Speculation settings, int vocabularySize, int batchTokensMax, int batchLogitsMax) {
    this.settings = settings;
    this.drafter = settings.drafter();
    this.vocabularySize = vocabularySize;
    this.batchTokensMax = batchTokensMax;
    this.batchLogitsMax = batchLogitsMax;
  }

  /// Adds guesses to the slices of a plan that is complete otherwise.
  void extend(Plan plan) {
    slices.clear();
    int rows = Math.min(StepTimes.ROWS_MAX, Math.min(batchTokensMax, batchLogitsMax));
    if (drafter == Drafter.NONE || plan.tokens() >= rows) {
      return;
    }
    for (Plan.Slice slice : plan.slices()) {
      if (mayGuess(slice)) {
        slices.add(slice);
      }
    }
    if (slices.isEmpty()) {
      return;
    }
    makeRoom();
    int most = rows - plan.tokens();
    if (drafter.guessNanos() == 0) {
      guess(room);
      for (int i = 0; i < slices.size(); i++) {
        room[i] = slices.get(i).sequence.draft.guessed();
      }
      choose(plan.tokens(), most);
    } else {
      choose(plan.tokens(), most);
      guess(chosen);
    }
    for (int i = 0; i < slices.size(); i++) {
      compute(plan, slices.get(i), chosen[i]);
    }
  }

  /// Whether a slice ends with its sequence's last token, which was generated.
  private static boolean mayGuess(Plan.Slice slice) {
    var sequence = slice.sequence;
    return sequence.isLengthening()
        && slice.count == sequence.behind()
        && slice.logits == 1
        && sequence.count + 1 < sequence.end
        && !sequence.draft.isBarred();
  }

  private void makeRoom() {
    int count = slices.size();
    if (count > room.length) {
      room = new int[2 * count];
      chosen = new int[2 * count];
    }
    for (int i = 0; i < count; i++) {
      var sequence = slices.get(i).sequence;
      // The last token a sequence may have is never computed.
      room[i] = Math.min(settings.guessesMax(), sequence.end - 1 - sequence.count);
    }
  }

  /// Asks the drafter.
  ///
  /// @param wanted by slice
  private void guess(int[] wanted) {
    boolean probes = ++idle >= STEPS_PER_PROBE;
    drafts.clear();
    for (int i = 0; i < slices.size(); i++) {
      int count = probes ? Math.min(room[i], Math.max(1, wanted[i])) : wanted[i];
      var draft = slices.get(i).sequence.draft;
      draft.clear(count);
      if (count > 0) {
        drafts.add(draft);
      }
    }
    if (drafts.isEmpty()) {
      return;
    }
    idle = 0;
    try {
      drafter.draft(drafts);
    } catch (RuntimeException failed) {
      LOG.log(Level.WARNING, "a drafter failed and is not asked again", failed);
      drafts.forEach(draft -> draft.clear(0));
      drafter = Drafter.NONE;
    }
    drafts.forEach(draft -> draft.keepBelow(vocabularySize));
  }

  /// Chooses how many guesses each slice has.
  ///
  /// @param rows of the step without
  /// @param most guesses in all
  private void choose(int rows, int most) {
    int count = slices.size();
    var order = new int[most];
    var likely = new double[count]; // that the next guess comes true, by slice
    var rate = new double[count];
    for (int i = 0; i < count; i++) {
      chosen[i] = 0;
      rate[i] = slices.get(i).sequence.draft.acceptance.rate(expectedRate);
      likely[i] = room[i] > 0 ? rate[i] : 0;
    }
    double tokens = rows;
    double best = GAIN_MIN * tokens / times.of(rows);
    int bestGuesses = 0;
    int guesses = 0;
    while (guesses < most) {
      int next = 0;
      for (int i = 1; i < count; i++) {
        next = likely[i] > likely[next] ? i : next;
      }
      if (likely[next] == 0) {
        break;
      }
      order[guesses++] = next;
      tokens += likely[next];
      likely[next] = ++chosen[next] < room[next] ? likely[next] * rate[next] : 0;
      double speed = tokens / (times.of(rows + guesses) + guesses * drafter.guessNanos());
      if (speed > best || !settings.adapts()) {
        best = speed;
        bestGuesses = guesses;
      }
    }
    while (guesses > bestGuesses) {
      chosen[order[--guesses]]--;
    }
  }

  private static void compute(Plan plan, Plan.Slice slice, int wanted) {
    var draft = slice.sequence.draft;
    int count = Math.min(wanted, draft.guessed());
    var sequence = slice.sequence;
    while (count > 0 && !sequence.table.tryReserve(sequence.count + count)) {
      count = Math.min(count - 1, sequence.table.capacity() - sequence.count);
    }
    draft.compute(count);
    if (count > 0) {
      plan.set(slice, slice.count + count, 1 + count);
      slice.guesses = count;
    }
  }

  /// A sequence has ended.
  void forget(Sequence sequence) {
    double rate = sequence.draft.acceptance.rate(expectedRate);
    expectedRate += EXPECTATION_CHANGE * (rate - expectedRate);
    drafter.forget(sequence.draft);
  }

  void close() {
    settings.drafter().close();
  }

  /// A step has ended.
  ///
  /// @param rows how many it had
  /// @param areAlike whether logits of all of them were wanted
  void measured(int rows, boolean areAlike, long nanos) {
    if (areAlike && rows <= StepTimes.ROWS_MAX) {
      times.measured(rows, nanos);
    }
  }
}
