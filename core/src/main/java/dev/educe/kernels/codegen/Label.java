package dev.educe.kernels.codegen;

import java.util.ArrayList;
import java.util.List;

/// A place in the code, which may be named before it is reached.
final class Label {
  private static final int UNBOUND = -1;

  private int position = UNBOUND;
  // Where a 32-bit distance waits for the label: the place of its four bytes and the end of its
  // instruction, from which the processor counts.
  private final List<Fixup> fixups = new ArrayList<>();

  record Fixup(int at, int from) {}

  boolean isBound() {
    return position != UNBOUND;
  }

  int position() {
    if (!isBound()) {
      throw new IllegalStateException("the label is not bound");
    }
    return position;
  }

  void bind(int at) {
    if (isBound()) {
      throw new IllegalStateException("the label is bound already, at " + position);
    }
    position = at;
  }

  void await(Fixup fixup) {
    fixups.add(fixup);
  }

  List<Fixup> fixups() {
    return fixups;
  }
}
