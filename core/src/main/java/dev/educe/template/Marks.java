package dev.educe.template;

import java.util.Arrays;

/// Where the characters of a text come from: runs of flags, kept through what templates do to it.
///
/// Run `i` goes from `ends[i - 1]` (or 0) to `ends[i]`, in UTF-16 units, and has `flags[i]`;
/// neighbours differ. Immutable.
final class Marks {
  /// Written by a user and not by the template.
  static final int CONTENT = 1;

  /// Within a `generation` block: what a model is trained to write.
  static final int GENERATED = 2;

  private static final Marks NONE = new Marks(new int[0], new byte[0]);

  private final int[] ends;
  private final byte[] flags;

  private Marks(int[] ends, byte[] flags) {
    this.ends = ends;
    this.flags = flags;
  }

  /// The same flags for all of a text.
  static Marks uniform(int length, int flags) {
    return length == 0 || flags == 0
        ? NONE
        : new Marks(new int[] {length}, new byte[] {(byte) flags});
  }

  static Marks of(int[] ends, byte[] flags, int runs) {
    return runs == 0 || (runs == 1 && flags[0] == 0)
        ? NONE
        : new Marks(Arrays.copyOf(ends, runs), Arrays.copyOf(flags, runs));
  }

  /// Whether no character has a flag.
  boolean isEmpty() {
    return ends.length == 0;
  }

  /// The number of runs; 0 if no character has a flag.
  int runs() {
    return ends.length;
  }

  int end(int run) {
    return ends[run];
  }

  int flags(int run) {
    return flags[run];
  }

  /// The run of the character at `index`; 0 if there are no runs.
  int runAt(int index) {
    int at = Arrays.binarySearch(ends, index);
    return at >= 0 ? at + 1 : -at - 1;
  }

  /// All flags of the text together: for results whose characters have no single origin.
  int union() {
    int union = 0;
    for (byte flag : flags) {
      union |= flag;
    }
    return union;
  }
}
