package dev.educe.engine;

import java.util.ArrayList;
import java.util.List;

/// What a step computes: slices of sequences, each one at most once.
final class Plan {
  /// The next tokens of a sequence.
  static final class Slice {
    final Sequence sequence;
    int count; // tokens
    int guesses; // of those, how many follow its last token
    int logits; // for how many of the last of them logits are wanted
    int states; // for how many of them states are; known once the step is put together

    Slice(Sequence sequence) {
      this.sequence = sequence;
    }
  }

  private final List<Slice> slices = new ArrayList<>();
  private int tokens;
  private int logits;

  void clear() {
    slices.clear();
    tokens = 0;
    logits = 0;
  }

  boolean isEmpty() {
    return slices.isEmpty();
  }

  List<Slice> slices() {
    return slices;
  }

  int tokens() {
    return tokens;
  }

  int logits() {
    return logits;
  }

  /// The slice of a sequence, which may be empty yet and is then not part of the plan.
  Slice slice(Sequence sequence) {
    for (Slice slice : slices) {
      if (slice.sequence == sequence) {
        return slice;
      }
    }
    return new Slice(sequence);
  }

  boolean holds(Sequence sequence) {
    return slice(sequence).count > 0;
  }

  /// Makes a slice as large as this.
  void set(Slice slice, int count, int logitsOf) {
    if (slice.count == 0) {
      slices.add(slice);
    }
    tokens += count - slice.count;
    logits += logitsOf - slice.logits;
    slice.count = count;
    slice.logits = logitsOf;
  }

  void remove(Sequence sequence) {
    var slice = slice(sequence);
    if (slices.remove(slice)) {
      tokens -= slice.count;
      logits -= slice.logits;
    }
  }
}
