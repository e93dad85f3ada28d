package dev.educe.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Runs a [Program] over bytes, all ways to read them at once.
///
/// A state is the set of ways: for each, the instruction that reads the next byte and the frames
/// that are open. States are made when they are first reached and remembered, so that most steps
/// are one load from a table. Not thread-safe.
///
/// Source: Thompson 1968, "Regular Expression Search Algorithm"; with the stacks of a pushdown
/// automaton shared as in Tomita 1987.
final class Automaton {
  /// Ways to read one text at once; beyond it, the grammar is refused as ambiguous.
  static final int WAYS_MAX = 4_096;

  /// A flag of a state's number: a text goes on from it, or ends there.
  static final int GOES_ON = 1;

  /// A flag of a state's number: see [State#returns].
  static final int RETURNS = 2;

  /// Plain bytes lead to several states: see [#plainLength].
  static final int UNEVEN = -1;

  private static final int UNTRODDEN = -1;

  // States and frames remembered. Forgetting them costs time and changes nothing.
  private static final int STATES_MAX = 20_000;
  private static final int FRAMES_MAX = 200_000;

  /// One way to read a text: where it goes on, and what is open.
  private record Way(int pc, Frame frame) {}

  private record FrameKey(boolean isLoop, int target, int turns, long below) {}

  /// All ways to read a text.
  static final class State {
    private final int[] pcs; // each a BYTES instruction
    private final Frame[] frames;
    private int number; // see Automaton#number
    private int age; // of the table that knows the number; 0 for none

    /// Whether the text may end here.
    final boolean isFinal;

    /// Whether a way returns to the caller that is unknown.
    final boolean returns;

    private State(List<Way> ways, boolean isFinal, boolean returns) {
      this.pcs = ways.stream().mapToInt(Way::pc).toArray();
      this.frames = ways.stream().map(Way::frame).toArray(Frame[]::new);
      this.isFinal = isFinal;
      this.returns = returns;
    }

    /// Whether no text goes on from here, nor ends here.
    boolean isDead() {
      return pcs.length == 0 && !isFinal && !returns;
    }

    /// How many ways go on.
    int ways() {
      return pcs.length;
    }

    int pc(int way) {
      return pcs[way];
    }

    Frame frame(int way) {
      return frames[way];
    }
  }

  private record StateKey(List<Way> ways, boolean isFinal, boolean returns) {}

  private final Program program;
  private final ByteClasses byteClasses;
  private final int classes;
  private final byte[] plain; // one of each class of plain bytes
  private final Map<FrameKey, Frame> frames = new HashMap<>();
  private final Map<StateKey, State> states = new HashMap<>();
  private final List<State> byNumber = new ArrayList<>();
  private int[] table = {}; // [states, classes]: the number of the next state, or UNTRODDEN
  private int age = 1;
  private long serial;

  // Scratch of one closure.
  private final ArrayDeque<Way> todo = new ArrayDeque<>();
  private final Set<Way> seen = new HashSet<>();
  private final List<Way> ways = new ArrayList<>();
  private boolean isFinal;
  private boolean returns;

  Automaton(Program program) {
    this.program = program;
    this.byteClasses = new ByteClasses(program.sets());
    this.classes = byteClasses.count();
    this.plain = byteClasses.plain();
    number(close()); // the dead state is the first
  }

  /// Where every text begins.
  State start() {
    todo.add(new Way(program.start(), Frame.BOTTOM));
    return close();
  }

  /// After one more byte.
  State step(State state, byte value) {
    return byNumber.get(step(number(state), value) >> 2);
  }

  /// After one more byte, for walks: states are numbers, see [#number].
  int step(int state, byte value) {
    int kind = byteClasses.of(value);
    int next = table[(state >> 2) * classes + kind];
    return next != UNTRODDEN ? next : tread(state >> 2, kind);
  }

  private int tread(int state, int kind) {
    State from = byNumber.get(state);
    long[] alike = byteClasses.all();
    for (int way = 0; way < from.pcs.length; way++) {
      int pc = from.pcs[way];
      byteClasses.keepAlike(alike, program.a()[pc], kind);
      if (byteClasses.contains(program.a()[pc], kind)) {
        todo.add(new Way(program.b()[pc], from.frames[way]));
      }
    }
    int next = number(close());
    for (int word = 0; word < alike.length; word++) {
      for (long rest = alike[word]; rest != 0; rest &= rest - 1) {
        table[state * classes + (word << 6) + Long.numberOfTrailingZeros(rest)] = next;
      }
    }
    return next;
  }

  /// How many plain bytes may follow, where it makes no difference which they are.
  ///
  /// @param most where more may follow, this is enough
  /// @return up to `most`; [#UNEVEN] if it does make a difference, or if among them a rule returns
  int plainLength(State start, int most) {
    int state = number(start);
    for (int length = 0; length < most; length++) {
      int next = step(state, plain[0]);
      for (byte value : plain) {
        if (step(state, value) != next) {
          return UNEVEN;
        }
      }
      if (next == 0) {
        return length;
      }
      if ((next & RETURNS) != 0 || (next & GOES_ON) == 0) {
        return UNEVEN;
      }
      if (next == state) {
        return most;
      }
      state = next;
    }
    return most;
  }

  /// A state as a number: 0 is dead, bit 0 tells [#GOES_ON], bit 1 [#RETURNS]. It holds until
  /// [#trim].
  int number(State state) {
    if (state.age != age) {
      state.age = age;
      int number = byNumber.size();
      byNumber.add(state);
      state.number =
          number << 2
              | (state.returns ? RETURNS : 0)
              | (state.ways() > 0 || state.isFinal ? GOES_ON : 0);
      int end = byNumber.size() * classes;
      if (end > table.length) {
        table = Arrays.copyOf(table, 2 * end);
      }
      Arrays.fill(table, end - classes, end, UNTRODDEN);
    }
    return state.number;
  }

  /// Forgets the states made so far where they have become too many. States that somebody holds
  /// stay good; their numbers do not.
  void trim() {
    if (byNumber.size() > STATES_MAX || frames.size() > FRAMES_MAX) {
      states.clear();
      frames.clear();
      byNumber.clear();
      age++;
      number(close());
    }
  }

  /// About how much memory the states and frames take.
  long bytes() {
    return 4L * table.length + 300L * byNumber.size() + 120L * frames.size();
  }

  /// Where a frame's caller goes on once it has returned.
  State after(Frame frame) {
    if (frame == Frame.BOTTOM) {
      todo.add(new Way(returnInstruction(), frame));
    } else {
      todo.add(new Way(frame.target, frame.below));
    }
    return close();
  }

  /// A way as it looks from inside its rule: its own loops, and below them [Frame#UNKNOWN].
  ///
  /// @param horizon bytes that will be read at most: numbers of turns further than that from a
  ///   bound are all the same
  State inside(int pc, Frame frame, int horizon) {
    var loops = new ArrayDeque<Frame>();
    for (Frame loop = frame; loop.isLoop; loop = loop.below) {
      loops.push(loop);
    }
    Frame top = Frame.UNKNOWN;
    for (Frame loop : loops) {
      top = frame(true, loop.target, representative(loop, horizon), top);
    }
    todo.add(new Way(pc, top));
    return close();
  }

  /// The fewest turns that cannot be told from a loop's by reading `horizon` bytes.
  private int representative(Frame loop, int horizon) {
    Program.Loop bounds = program.loops().get(loop.target);
    int turns = loop.turns;
    boolean isFarFromMax =
        bounds.freeTo() == Expression.UNBOUNDED || bounds.freeTo() - turns > horizon;
    if (turns < bounds.freeFrom() || !isFarFromMax) {
      return turns;
    }
    if (turns >= bounds.min()) {
      return Math.max(bounds.min(), bounds.freeFrom());
    }
    return bounds.min() - turns > horizon ? bounds.freeFrom() : turns;
  }

  private int returnInstruction() {
    return 0; // the compiler writes it first
  }

  /// Follows what reads no byte, and makes the state.
  private State close() {
    while (!todo.isEmpty()) {
      Way way = todo.poll();
      if (!seen.add(way)) {
        continue;
      }
      if (seen.size() > WAYS_MAX * 16 || ways.size() > WAYS_MAX) {
        reset();
        throw new GrammarException(
            "the grammar is too ambiguous: a text can be read in more than %,d ways at once"
                .formatted(WAYS_MAX));
      }
      follow(way.pc, way.frame);
    }
    ways.sort(Comparator.comparingInt(Way::pc).thenComparingLong(way -> way.frame.serial));
    var key = new StateKey(List.copyOf(ways), isFinal, returns);
    State state = states.get(key);
    if (state == null) {
      state = new State(key.ways, isFinal, returns);
      states.put(key, state);
    }
    reset();
    return state;
  }

  private void reset() {
    todo.clear();
    seen.clear();
    ways.clear();
    isFinal = false;
    returns = false;
  }

  private void follow(int pc, Frame frame) {
    int a = program.a()[pc];
    int b = program.b()[pc];
    switch (program.op()[pc]) {
      case Program.BYTES -> ways.add(new Way(pc, frame));
      case Program.FORK -> {
        for (int target : program.targets().get(a)) {
          todo.add(new Way(target, frame));
        }
      }
      case Program.CALL -> {
        // A call at the end of a rule leaves nothing to come back for.
        boolean isTail = program.op()[b] == Program.RETURN;
        todo.add(new Way(a, isTail ? frame : frame(false, b, 0, frame)));
      }
      case Program.RETURN -> {
        if (frame == Frame.BOTTOM) {
          isFinal = true;
        } else if (frame == Frame.UNKNOWN) {
          returns = true;
        } else {
          todo.add(new Way(frame.target, frame.below));
        }
      }
      case Program.ENTER -> todo.add(new Way(b, frame(true, a, 0, frame)));
      case Program.TICK -> {
        Program.Tick tick = program.ticks().get(a);
        Program.Loop loop = program.loops().get(tick.loop());
        boolean isBounded = loop.max() != Expression.UNBOUNDED;
        int turns = isBounded ? frame.turns + 1 : Math.min(frame.turns + 1, loop.min());
        boolean isAllowed = tick.allowed() == null || tick.allowed().get(turns);
        if (isAllowed && turns <= loop.max()) {
          todo.add(new Way(b, frame(true, tick.loop(), turns, frame.below)));
        }
      }
      case Program.LEAVE -> {
        if (frame.turns >= program.loops().get(a).min()) {
          todo.add(new Way(b, frame.below));
        }
      }
      default -> throw new AssertionError("no instruction " + program.op()[pc]);
    }
  }

  private Frame frame(boolean isLoop, int target, int turns, Frame below) {
    var key = new FrameKey(isLoop, target, turns, below.serial);
    Frame frame = frames.get(key);
    if (frame == null) {
      frame = new Frame(serial++, isLoop, target, turns, below);
      frames.put(key, frame);
    }
    return frame;
  }
}
