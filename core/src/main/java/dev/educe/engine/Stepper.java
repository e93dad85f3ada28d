package dev.educe.engine;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.cache.PrefixTree;
import dev.educe.cache.SavedPrefix;
import dev.educe.platform.Clock;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.LogProbabilities;
import dev.educe.sampling.NumericalException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Takes one step after the other: plan, compute, choose tokens, tell the listeners.
///
/// Has no thread of its own: one thread calls it.
final class Stepper implements Scheduler.Endings {
  private static final System.Logger LOG = System.getLogger(Stepper.class.getName());

  private final Executor executor;
  private final Clock clock;
  private final Meter meter;
  private final EngineOptions options;
  private final Batch batch;
  private final Candidates candidates;
  private final PrefixTree tree;
  private final StepBudget budget;
  private final Admission admission;
  private final Scheduler scheduler;
  private final Speculator speculator;
  private final Map<String, Totals> totals = new ConcurrentHashMap<>();
  private volatile Progress progress;
  private long steps;
  private long lastStep; // when it ended

  Stepper(
      Executor executor,
      Candidates candidates,
      Speculation speculation,
      EngineOptions options,
      Clock clock,
      Meter meter) {
    this.executor = executor;
    this.clock = clock;
    this.meter = meter;
    this.options = options;
    this.batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
    this.candidates = candidates;
    this.tree = new PrefixTree(executor.pages());
    this.budget = new StepBudget(executor.batchTokensMax(), options.stepNanosMax());
    int cacheTokens =
        (int)
            Math.min(
                Integer.MAX_VALUE, (long) executor.pages().pages() * executor.pages().pageTokens());
    this.admission = new Admission(options, cacheTokens);
    this.scheduler =
        new Scheduler(
            options,
            executor.pages(),
            tree,
            admission,
            budget,
            executor.batchTokensMax(),
            executor.batchLogitsMax(),
            this);
    this.speculator =
        new Speculator(
            speculation,
            candidates.vocabularySize(),
            executor.batchTokensMax(),
            executor.batchLogitsMax());
    lastStep = clock.nanos();
    publish();
  }

  Admission admission() {
    return admission;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  SavedPrefix savedPrefix() {
    return new SavedPrefix(tree, executor.pages(), executor);
  }

  PrefixTree tree() {
    return tree;
  }

  /// Puts an admitted request into the queue, or ends it at once if there is nothing to do.
  Sequence add(Work work, int end) {
    long now = clock.nanos();
    var sequence = scheduler.add(work, end, now);
    if (work.tokensMax() == 0 && work.rows().isEmpty()) {
      scheduler.end(sequence, Finish.LENGTH, Optional.empty(), now);
    }
    publish();
    return sequence;
  }

  void cancel(Sequence sequence) {
    end(sequence, Finish.CANCELLED, Optional.empty());
    publish();
  }

  void end(Sequence sequence, Finish finish, Optional<RuntimeException> cause) {
    scheduler.end(sequence, finish, cause, clock.nanos());
  }

  /// Takes a step.
  ///
  /// @return whether there was anything to do
  boolean step() {
    long start = clock.nanos();
    var plan = scheduler.plan(start);
    if (plan.isEmpty()) {
      publish();
      return false;
    }
    speculator.extend(plan);
    long drafted = clock.nanos();
    // Sequences end while their slices are gone through.
    var slices = List.copyOf(plan.slices());
    batch.clear();
    for (Plan.Slice slice : slices) {
      var sequence = slice.sequence;
      int from = sequence.computed;
      if (sequence.work.readsStates()) {
        slice.states = sequence.states(slice.count);
        batch.addStates(sequence.table, from, sequence.tokens, from, slice.count, slice.states);
      } else {
        batch.add(sequence.table, from, sequence.tokens, from, slice.count, slice.logits);
      }
    }
    int tokens = batch.tokens();
    try {
      executor.forward(batch);
      int row = 0;
      int output = 0;
      for (int i = 0; i < slices.size(); i++) {
        var slice = slices.get(i);
        take(slice, i, row, output);
        row += slice.logits;
        output += slice.logits + slice.states;
      }
    } catch (RuntimeException failed) {
      for (Plan.Slice slice : slices) {
        end(slice.sequence, Finish.FAILED, Optional.of(failed));
      }
    }
    long now = clock.nanos();
    budget.measured(tokens, now - start);
    speculator.measured(tokens, batch.logits() == tokens, now - drafted);
    steps++;
    lastStep = now;
    publish();
    return true;
  }

  /// Goes on with a sequence whose next tokens were computed.
  ///
  /// @param firstRow of its logits
  /// @param firstOutput of its logits or states
  private void take(Plan.Slice slice, int index, int firstRow, int firstOutput) {
    var sequence = slice.sequence;
    var failure = batch.failure(index);
    if (failure.isPresent() && slice.guesses > 0) {
      // Perhaps only what was guessed: once more without.
      sequence.draft.bar();
      sequence.draft.settle();
      return;
    }
    if (failure.isPresent()) {
      var cause = new NumericalException(failure.get());
      end(sequence, Finish.FAILED, Optional.of(cause));
      return;
    }
    int end = sequence.computed + slice.count;
    sequence.computed(slice.count - slice.guesses);
    try {
      for (int i = 0; i < slice.logits && goesOn(slice, end - slice.logits + i); i++) {
        read(sequence, end - slice.logits + i, firstRow + i);
      }
      for (int i = 0; i < slice.states && !sequence.hasEnded; i++) {
        readState(sequence, end - slice.states + i, firstOutput + i);
      }
    } catch (RuntimeException failed) {
      end(sequence, Finish.FAILED, Optional.of(failed));
    } catch (Error failed) {
      // Of a processor, a constraint or a listener, as an assertion or a recursion too deep.
      var cause = new IllegalStateException("code of the request has failed: " + failed, failed);
      end(sequence, Finish.FAILED, Optional.of(cause));
    }
    if (!sequence.hasEnded && slice.guesses > 0) {
      sequence.draft.settle();
      sequence.rewind(clock.nanos());
    }
    if (!sequence.hasEnded && options.window() < Integer.MAX_VALUE) {
      sequence.countPages(clock.nanos());
      sequence.table.releaseBefore(sequence.computed + 1 - options.window());
    }
  }

  /// Whether a row of a slice is read: not that of a guess that did not come true, and no more than
  /// the listener takes.
  private static boolean goesOn(Plan.Slice slice, int position) {
    var sequence = slice.sequence;
    if (sequence.hasEnded || position >= sequence.known()) {
      return false;
    }
    boolean isGuess = position >= sequence.computed;
    return !isGuess || sequence.work.listener().hasRoom();
  }

  /// The logits of a position: for whoever reads the prompt's, and for the next token.
  private void read(Sequence sequence, int position, int row) {
    var work = sequence.work;
    if (work.rows().isPresent()
        && position < work.prompt().length
        && position == sequence.rowsRead) {
      work.rows().get().reader().row(position, logits(row), candidates);
      sequence.rowsRead++;
    }
    if (position + 1 < sequence.count) {
      return;
    }
    if (sequence.count == sequence.end) {
      end(sequence, Finish.LENGTH, Optional.empty()); // only the prompt's logits were wanted
      return;
    }
    var sampler = work.sampler();
    var logits = logits(row);
    int token = sampler.next(logits, sequence.tokens, sequence.count, candidates);
    if (work.logprobs().isPresent()) {
      int count = work.logprobs().getAsInt();
      accept(sequence, token, Optional.of(LogProbabilities.of(logits, token, count, candidates)));
    } else {
      accept(sequence, token, Optional.empty());
      acceptForced(sequence);
    }
  }

  /// The state of a position: for whoever reads them, until there are no more.
  private void readState(Sequence sequence, int position, int output) {
    long from = output * executor.statesStride() * Float.BYTES;
    var state = executor.states().asSlice(from, (long) executor.stateSize() * Float.BYTES);
    sequence.work.rows().orElseThrow().reader().row(position, state, candidates);
    sequence.rowsRead++;
    if (sequence.rowsRead == sequence.count) {
      end(sequence, Finish.LENGTH, Optional.empty());
    }
  }

  /// Takes the tokens that need no choice: the next step computes them all.
  private void acceptForced(Sequence sequence) {
    var work = sequence.work;
    while (!sequence.hasEnded && work.listener().hasRoom()) {
      var forced = work.sampler().forced();
      if (forced.isEmpty()) {
        return;
      }
      accept(sequence, forced.getAsInt(), Optional.empty());
    }
  }

  private void accept(Sequence sequence, int token, Optional<LogProbabilities> logprobs) {
    var work = sequence.work;
    sequence.lastToken = clock.nanos();
    if (sequence.firstToken < 0) {
      sequence.firstToken = sequence.lastToken;
    }
    if (work.ends().test(token)) {
      end(sequence, Finish.STOP, Optional.empty());
      return;
    }
    sequence.append(token);
    String text = work.text().next(token);
    work.listener().token(new Event.Token(token, text, logprobs));
    if (work.text().stop().isPresent() || work.sampler().mustEnd()) {
      end(sequence, Finish.STOP, Optional.empty());
    } else if (sequence.count == sequence.end) {
      end(sequence, Finish.LENGTH, Optional.empty());
    }
  }

  private MemorySegment logits(int row) {
    long bytes = executor.logitsStride() * Float.BYTES;
    return executor.logits().asSlice(row * bytes, (long) candidates.vocabularySize() * Float.BYTES);
  }

  /// Tells everybody that a sequence has ended; its pages are free already.
  @Override
  public void ended(Sequence sequence, Finish finish, Optional<RuntimeException> cause, long now) {
    var work = sequence.work;
    speculator.forget(sequence);
    var usage = sequence.usage(now);
    String tenant = work.key().tenant();
    totals.merge(tenant, Totals.ZERO.plus(usage), (known, _) -> known.plus(usage));
    RequestEvent.emit(tenant, finish, usage);
    careful("meter", () -> meter.ended(tenant, finish, usage));
    careful(
        "listener",
        () -> {
          String text = work.text().finish();
          var stop = work.text().stop();
          work.listener().ended(new Ended(finish, text, stop, cause, usage));
        });
  }

  private static void careful(String name, Runnable call) {
    try {
      call.run();
    } catch (RuntimeException failed) {
      LOG.log(Level.WARNING, "a " + name + " failed at the end of a request", failed);
    }
  }

  private void publish() {
    progress =
        new Progress(
            admission.waiting(),
            scheduler.running(),
            scheduler.paused(),
            executor.pages().pages(),
            executor.pages().freePages(),
            tree.pages(),
            steps,
            lastStep);
  }

  /// Frees what the drafter has; no step may follow.
  void close() {
    speculator.close();
  }

  Progress progress() {
    return progress;
  }

  Map<String, Totals> totals() {
    return Map.copyOf(totals);
  }
}
