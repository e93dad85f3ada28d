package dev.educe.engine;

import static dev.educe.engine.SimulatedExecutor.next;
import static dev.educe.engine.SimulatedExecutor.number;

import dev.educe.cache.PrefixKey;
import dev.educe.sampling.Constraint;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A simulated caller: one request, how its answer is taken, and what the answer must be.
final class Client {
  /// The token that ends a text.
  static final int END = 0;

  /// What a client is like.
  ///
  /// @param arrival when it comes, in nanoseconds
  /// @param cancel when it goes; [Long#MAX_VALUE] for never
  /// @param drainEvery how long between two looks at its events; 0 for always looking
  /// @param forcedRun how many of each ten of its tokens need no choice
  /// @param throwsAt the token whose delivery fails; -1 for none
  record Traits(
      String tenant,
      int adapter,
      int priority,
      int[] prompt,
      int tokensMax,
      long arrival,
      long cancel,
      long drainEvery,
      int queueTokens,
      long waitNanosMax,
      long nanosMax,
      int forcedRun,
      int throwsAt,
      boolean readsRows) {}

  final int number;
  final Traits traits;
  final List<Integer> tokens = new ArrayList<>();
  final List<Integer> rows = new ArrayList<>();
  Optional<RefusedException> refusal = Optional.empty();
  Optional<Ended> ended = Optional.empty();
  Sequence sequence; // once it was taken on
  long nextDrain;
  boolean hasCancelled;
  int endings;
  EventQueue queue;
  private List<Integer> expected; // once somebody wants to know

  Client(int number, Traits traits) {
    this.number = number;
    this.traits = traits;
  }

  Work work(Runnable wake, boolean keysAdapter) {
    queue = new EventQueue(traits.queueTokens, wake);
    var key =
        new PrefixKey(traits.tenant, "model", keysAdapter ? "a" + traits.adapter : "", "F16", 1);
    Optional<Constraint> constraint =
        traits.forcedRun == 0 ? Optional.empty() : Optional.of(new Turns());
    var sampler = new Sampler(Sampling.greedy(), 0, Vocabulary.UNKNOWN, 0, List.of(), constraint);
    var work =
        Work.of(traits.prompt, traits.tokensMax, key, sampler, listener())
            .withPriority(traits.priority)
            .withDeadlines(traits.waitNanosMax, traits.nanosMax)
            .withText(token -> token == END, TokenText.NONE);
    if (readsStates()) {
      return work.withStates(
          firstState(),
          (position, state, _) -> {
            check(position == firstState() + rows.size(), "state %d came too soon", position);
            rows.add((int) state.get(java.lang.foreign.ValueLayout.JAVA_FLOAT, 0));
          });
    }
    return traits.readsRows
        ? work.withRows((position, logits, _) -> {
          check(position == rows.size(), "row %d came instead of %d", position, rows.size());
          float[] row = logits.toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT);
          for (int token = 0; token < row.length; token++) {
            if (row[token] == 1) {
              rows.add(token);
            }
          }
        })
        : work;
  }

  /// Some of those that generate nothing.
  private boolean readsStates() {
    return traits.tokensMax == 0 && number % 2 == 0;
  }

  private int firstState() {
    return number % 4 == 0 ? 0 : traits.prompt.length - 1;
  }

  private boolean isForced(int generated) {
    return generated % 10 >= 10 - traits.forcedRun;
  }

  private static int forced(int generated) {
    return 1 + generated % 7;
  }

  /// Leaves no choice about some tokens of ten.
  private final class Turns implements Constraint {
    private int generated;

    @Override
    public long[] allowed() {
      return new long[] {isForced(generated) ? 1L << Client.forced(generated) : -1};
    }

    @Override
    public boolean accept(int token) {
      check(!isForced(generated) || token == Client.forced(generated), "took %d", token);
      generated++;
      return true;
    }

    @Override
    public boolean mustEnd() {
      return false;
    }
  }

  private Listener listener() {
    return new Listener() {
      private int delivered;

      @Override
      public boolean hasRoom() {
        return queue.hasRoom();
      }

      @Override
      public void token(Event.Token token) {
        if (delivered++ == traits.throwsAt) {
          throw new IllegalStateException("planted");
        }
        queue.token(token);
      }

      @Override
      public void ended(Ended event) {
        endings++;
        queue.ended(event);
      }
    };
  }

  /// Takes all events there are.
  void drain() throws InterruptedException {
    while (queue.size() > 0) {
      switch (queue.take()) {
        case Event.Token token -> tokens.add(token.id());
        case Ended event -> ended = Optional.of(event);
      }
    }
  }

  boolean isAnswered() {
    return refusal.isPresent() || ended.isPresent();
  }

  /// Compares the answer with that of the request run alone, on plain arrays.
  void checkAnswer(int pageTokens, int window, int contextLength) {
    check(endings == (refusal.isPresent() ? 0 : 1), "ended %d times", endings);
    if (refusal.isPresent()) {
      return;
    }
    var expected = new ArrayList<Integer>();
    var expectedRows = new ArrayList<Integer>();
    boolean stops = alone(pageTokens, window, end(contextLength), expected, expectedRows);
    Finish finish = ended.orElseThrow().finish();
    switch (finish) {
      case STOP, LENGTH -> {
        check(finish == (stops ? Finish.STOP : Finish.LENGTH), "finished by %s", finish);
        check(tokens.equals(expected), "got %s, alone it is %s", tokens, expected);
        check(
            !(traits.readsRows || readsStates()) || rows.equals(expectedRows),
            "read %s, alone it is %s",
            rows,
            expectedRows);
      }
      case CANCELLED, FAILED -> {
        boolean hasReason = hasCancelled || traits.throwsAt >= 0 || ended.get().cause().isPresent();
        check(hasReason, "%s for no reason", finish);
        check(
            tokens.size() <= expected.size() && tokens.equals(expected.subList(0, tokens.size())),
            "got %s, alone it begins %s",
            tokens,
            expected);
      }
    }
    var usage = ended.get().usage();
    check(usage.generatedTokens() >= tokens.size(), "was billed for too little: %s", usage);
    check(usage.rejectedTokens() <= usage.draftedTokens(), "rejected too many: %s", usage);
    check(
        usage.draftedTokens() - usage.rejectedTokens() <= usage.generatedTokens(),
        "guessed more than there was: %s",
        usage);
    check(usage.cachedTokens() < traits.prompt.length, "was billed for too much: %s", usage);
  }

  /// Whether this is what is guessed of its sequence.
  boolean hasDraft(Draft draft) {
    return sequence != null && sequence.draft == draft;
  }

  /// The tokens of its answer, if it is not cut short.
  List<Integer> expected(int pageTokens, int window, int contextLength) {
    if (expected == null) {
      expected = new ArrayList<>();
      alone(pageTokens, window, end(contextLength), expected, new ArrayList<>());
    }
    return expected;
  }

  private int end(int contextLength) {
    int end = traits.prompt.length + traits.tokensMax;
    return Math.min(end, Math.max(contextLength, traits.prompt.length));
  }

  private boolean alone(
      int pageTokens, int window, int end, List<Integer> generated, List<Integer> rows) {
    long[] numbers = new long[end];
    for (int position = 0; position < end; position++) {
      int prompt = traits.prompt.length;
      int token = position < prompt ? traits.prompt[position] : generated.get(position - prompt);
      numbers[position] =
          number(salt(traits.adapter), token, position, pageTokens, window, at -> numbers[at]);
      int next = next(numbers[position]);
      if (readsStates()) {
        if (position >= firstState()) {
          rows.add((int) SimulatedExecutor.state(numbers[position]));
        }
      } else if (position < prompt) {
        rows.add(next);
      }
      if (position >= prompt - 1 && position + 1 < end) {
        if (isForced(generated.size())) {
          generated.add(forced(generated.size()));
        } else if (next == END) {
          return true;
        } else {
          generated.add(next);
        }
      }
    }
    return false;
  }

  static long salt(int adapter) {
    return 0x1234567L * (adapter + 1);
  }

  void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalStateException(
          "request %d (%s): ".formatted(number, traits.tenant) + message.formatted(values));
    }
  }
}
