package dev.educe.grammar;

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
/// | `TICK` | loop: one more turn, unless it had its most | next |
/// | `LEAVE` | loop: ends it, if it had its fewest | next |
///
/// Immutable.
///
/// @param start where a text begins
/// @param sets the sets of bytes
/// @param targets the targets of forks
/// @param loopMin by loop, its fewest turns
/// @param loopMax by loop, its most, or [Expression#UNBOUNDED]
record Program(
    int start,
    byte[] op,
    int[] a,
    int[] b,
    List<ByteSet> sets,
    List<int[]> targets,
    int[] loopMin,
    int[] loopMax) {
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
}
