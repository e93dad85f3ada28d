package dev.educe.grammar;

import java.util.BitSet;
import java.util.List;

/// A grammar as a graph of small instructions, run by [Automaton].
///
/// Instruction `pc` is `op[pc]` with two operands:
///
/// | op | a | b |
/// |---|---|---|
/// | `BYTES` | index of a set: reads one byte of it | next |
/// | `FORK` | index of targets: goes on at each | |
/// | `CALL` | entry: runs the rule there | where to go on after it |
/// | `RETURN` | | |
/// | `ENTER` | loop: begins to count its turns | next |
/// | `TICK` | index of a tick: one more turn of its loop, if that is allowed | next |
/// | `LEAVE` | loop: ends it, if it had its fewest | next |
///
/// Immutable.
///
/// @param start where a text begins
/// @param sets the sets of bytes
/// @param targets the targets of forks
/// @param loops the loops
/// @param ticks what counts their turns
record Program(
    int start,
    byte[] op,
    int[] a,
    int[] b,
    List<ByteSet> sets,
    List<int[]> targets,
    List<Loop> loops,
    List<Tick> ticks) {
  /// A loop whose turns are counted.
  ///
  /// @param min its fewest turns
  /// @param max its most, or [Expression#UNBOUNDED]: then they are counted up to `min`
  /// @param freeFrom between this number of turns and `freeTo`, every tick allows a turn more
  /// @param freeTo inclusive, or [Expression#UNBOUNDED]
  record Loop(int min, int max, int freeFrom, int freeTo) {}

  /// One more turn of a loop.
  ///
  /// @param allowed bit *t* tells whether that may be the *t*th; null if any may
  record Tick(int loop, BitSet allowed) {}

  static final byte BYTES = 0;
  static final byte FORK = 1;
  static final byte CALL = 2;
  static final byte RETURN = 3;
  static final byte ENTER = 4;
  static final byte TICK = 5;
  static final byte LEAVE = 6;

  /// How many instructions there are.
  int size() {
    return op.length;
  }

  /// About how much memory it takes.
  long bytes() {
    long bytes = 9L * op.length + 64L * sets.size() + 48L * loops.size();
    for (int[] target : targets) {
      bytes += 20 + 4L * target.length;
    }
    for (Tick tick : ticks) {
      bytes += 24 + (tick.allowed == null ? 0 : tick.allowed.size() / 8);
    }
    return bytes;
  }
}
