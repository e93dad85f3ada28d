package dev.educe.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Lowers expressions to a [Program], from the end to the beginning, so that each instruction knows
/// what follows.
final class ProgramCompiler {
  /// Instructions of a program; a list of 128 tools takes some hundred thousand.
  static final int INSTRUCTIONS_MAX = 4_000_000;

  // A repetition of single bytes up to this long is written out: cheaper than a counter.
  private static final int UNROLL_MAX = 8;

  // A rule of so few parts that ends after a few bytes, as a character or a space, is written where
  // it is used: a mask is found once for all of a rule's callers, which pays for long rules only.
  private static final int INLINE_MAX = 64;

  private record Use(String rule, int next) {}

  private final Nullability nullability;
  private byte[] op = new byte[256];
  private int[] a = new int[256];
  private int[] b = new int[256];
  private int size;
  private final List<ByteSet> sets = new ArrayList<>();
  private final Map<ByteSet, Integer> setIndex = new HashMap<>();
  private final List<int[]> targets = new ArrayList<>();
  private final List<Program.Loop> loops = new ArrayList<>();
  private final List<Program.Tick> ticks = new ArrayList<>();
  private final Map<Long, Integer> reads = new HashMap<>(); // by set and next
  private final Map<Use, Integer> uses = new HashMap<>(); // where a rule's use begins
  private final Map<String, Integer> entries = new HashMap<>();
  private final ArrayDeque<String> todo = new ArrayDeque<>();
  private final int end;

  private ProgramCompiler(Nullability nullability) {
    this.nullability = nullability;
    this.end = emit(Program.RETURN, 0, 0);
  }

  /// @param root what a whole text is
  /// @param rules what the names in it mean
  /// @throws GrammarException if a rule is missing or begins with itself, or all is too large
  static Program compile(Expression root, Map<String, Expression> rules) {
    var productivity = new Productivity(rules);
    if (!productivity.isProductive(root)) {
      throw new GrammarException("no text can ever fit the grammar");
    }
    var nullability = new Nullability(productivity.rules());
    nullability.checkLeftRecursion();
    var compiler = new ProgramCompiler(nullability);
    int start = compiler.lower(productivity.prune(root), compiler.end);
    compiler.lowerRules();
    return compiler.program(start);
  }

  private void lowerRules() {
    while (!todo.isEmpty()) {
      String name = todo.poll();
      int entry = entries.get(name);
      targets.set(a[entry], new int[] {lower(nullability.rule(name), end)});
    }
  }

  private Program program(int start) {
    return new Program(
        start,
        Arrays.copyOf(op, size),
        Arrays.copyOf(a, size),
        Arrays.copyOf(b, size),
        List.copyOf(sets),
        List.copyOf(targets),
        List.copyOf(loops),
        List.copyOf(ticks));
  }

  /// Writes what reads `expression` and goes on at `next`.
  ///
  /// @return where that begins
  private int lower(Expression expression, int next) {
    return switch (expression) {
      case Expression.Bytes(ByteSet set) -> {
        int read = index(set);
        yield reads.computeIfAbsent((long) read << 32 | next, _ -> emit(Program.BYTES, read, next));
      }
      case Expression.Sequence(var parts) -> {
        int at = next;
        for (Expression part : parts.reversed()) {
          at = lower(part, at);
        }
        yield at;
      }
      case Expression.Choice(var options) -> {
        int[] starts = new int[options.size()];
        for (int i = 0; i < starts.length; i++) {
          starts[i] = lower(options.get(i), next);
        }
        yield fork(starts);
      }
      case Expression.Repeat(var part, int min, int max) -> repeat(part, min, max, next);
      case Expression.Rule(String name) -> {
        var use = new Use(name, next);
        Integer known = uses.get(use);
        if (known == null) {
          Expression body = nullability.rule(name);
          boolean isShort = parts(body, INLINE_MAX) > 0;
          known = isShort ? lower(body, next) : emit(Program.CALL, entry(name), next);
          uses.put(use, known);
        }
        yield known;
      }
      case Expression.Machine machine -> machine(machine, next);
    };
  }

  /// How many parts are left of so many after writing an expression; 0 if it takes more, repeats
  /// without end, or uses rules.
  private static int parts(Expression expression, int left) {
    return switch (expression) {
      case Expression.Bytes _ -> left - 1;
      case Expression.Sequence(var parts) -> parts(parts, left);
      case Expression.Choice(var options) -> parts(options, left);
      case Expression.Repeat(var part, int _, int max) ->
          max > UNROLL_MAX ? 0 : left - max * (left - parts(part, left));
      case Expression.Rule _, Expression.Machine _ -> 0;
    };
  }

  private static int parts(List<Expression> expressions, int left) {
    int rest = left;
    for (Expression expression : expressions) {
      rest = rest <= 0 ? 0 : parts(expression, rest);
    }
    return Math.max(rest, 0);
  }

  private int repeat(Expression part, int min, int max, int next) {
    if (nullability.isNullable(part)) {
      return repeat(nullability.nonEmpty(part), 0, max, next);
    }
    if (max == 0) {
      return next;
    }
    if (max == Expression.UNBOUNDED && min <= 1) {
      int head = fork();
      int body = lower(part, head);
      targets.set(a[head], new int[] {body, next});
      return min == 0 ? head : body;
    }
    boolean isSmall = part instanceof Expression.Bytes && max <= UNROLL_MAX || max == 1;
    return isSmall ? unroll(part, min, max, next) : count(part, min, max, next);
  }

  private int unroll(Expression part, int min, int max, int next) {
    int at = next;
    for (int i = max; i > 0; i--) {
      int body = lower(part, at);
      at = i > min ? fork(body, next) : body;
    }
    return at;
  }

  private int count(Expression part, int min, int max, int next) {
    int loop = loop(new Program.Loop(min, max, 0, max));
    int leave = emit(Program.LEAVE, loop, next);
    int head = fork();
    int body = tick(loop, null, lower(part, head));
    targets.set(a[head], new int[] {body, leave});
    return emit(Program.ENTER, loop, head);
  }

  private int machine(Expression.Machine machine, int next) {
    boolean isCounted = machine.isCounted();
    StepCounts counts = isCounted ? StepCounts.of(machine) : null;
    int loop =
        isCounted
            ? loop(
                new Program.Loop(machine.min(), machine.max(), counts.freeFrom(), counts.freeTo()))
            : 0;
    int leave = isCounted ? emit(Program.LEAVE, loop, next) : next;
    int[] states = new int[machine.states().size()];
    Arrays.setAll(states, _ -> fork());
    for (int i = 0; i < states.length; i++) {
      Expression.Machine.State state = machine.states().get(i);
      var starts = new ArrayList<Integer>();
      for (Expression.Machine.Edge edge : state.edges()) {
        int read = lower(edge.part(), states[edge.target()]);
        starts.add(isCounted ? tick(loop, counts.allowed().get(edge.target()), read) : read);
      }
      if (state.isFinal()) {
        starts.add(leave);
      }
      targets.set(a[states[i]], starts.stream().mapToInt(Integer::intValue).toArray());
    }
    return isCounted ? emit(Program.ENTER, loop, states[0]) : states[0];
  }

  private int entry(String name) {
    return entries.computeIfAbsent(
        name,
        _ -> {
          todo.add(name);
          return fork();
        });
  }

  private int loop(Program.Loop loop) {
    loops.add(loop);
    return loops.size() - 1;
  }

  private int tick(int loop, BitSet allowed, int next) {
    ticks.add(new Program.Tick(loop, allowed));
    return emit(Program.TICK, ticks.size() - 1, next);
  }

  private int fork(int... starts) {
    targets.add(starts);
    return emit(Program.FORK, targets.size() - 1, 0);
  }

  private int index(ByteSet set) {
    return setIndex.computeIfAbsent(
        set,
        _ -> {
          sets.add(set);
          return sets.size() - 1;
        });
  }

  private int emit(byte code, int first, int second) {
    if (size % 4096 == 0) {
      Interruption.check();
    }
    if (size == INSTRUCTIONS_MAX) {
      throw new GrammarException(
          "the grammar is too large: it takes more than %,d instructions; split it or simplify it"
              .formatted(INSTRUCTIONS_MAX));
    }
    if (size == op.length) {
      op = Arrays.copyOf(op, 2 * size);
      a = Arrays.copyOf(a, 2 * size);
      b = Arrays.copyOf(b, 2 * size);
    }
    op[size] = code;
    a[size] = first;
    b[size] = second;
    return size++;
  }
}
