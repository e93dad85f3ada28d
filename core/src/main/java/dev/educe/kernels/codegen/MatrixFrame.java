package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R12;
import static dev.educe.kernels.codegen.Gpr.R13;
import static dev.educe.kernels.codegen.Gpr.R14;
import static dev.educe.kernels.codegen.Gpr.R15;
import static dev.educe.kernels.codegen.Gpr.R8;
import static dev.educe.kernels.codegen.Gpr.R9;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RBP;
import static dev.educe.kernels.codegen.Gpr.RBX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Gpr.RSP;
import static dev.educe.kernels.codegen.Mem.mem;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.ObjIntConsumer;

/// What every matrix kernel has around its inner loop: the call, the loop over panels, the
/// addresses of the rows of activations, and the rows of results.
///
///     void kernel(panels, x, y, panelCount, steps, xStride, panelBytes, yStride)
///
/// Addresses and strides are in bytes; a *step* is a block of 32 columns, or one column of a plain
/// type. System V calling convention: the last two arguments lie on the stack.
final class MatrixFrame {
  /// How a kernel is called.
  static final FunctionDescriptor TYPE =
      FunctionDescriptor.ofVoid(
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG);

  /// The first byte of the panel.
  static final Gpr PANEL = RDI;

  /// How many steps a row has.
  static final Gpr STEPS = R8;

  /// Steps left in the inner loop.
  static final Gpr COUNT = R15;

  /// Bytes from one row of activations to the next.
  static final Gpr STRIDE = R9;

  /// Bytes from a quant to the same place of what is read next; 0 where that is not known.
  static final Gpr AHEAD = RAX;

  /// Rows at most: those that [#X] reaches.
  static final int ROWS_MAX = 16;

  private static final List<Gpr> SAVED = List.of(RBP, RBX, R12, R13, R14, R15);

  // Pointers at rows of activations, and which: all others are 1, 2, 4 or 8 strides from one.
  private static final List<Gpr> X = List.of(RSI, R12, R13, R14, RDX);
  private static final int[] X_ROWS = {0, 3, 6, 9, 11};

  // Locals, from the stack pointer on. The first step of the chunk, and how many steps it has:
  static final Mem FIRST = mem(RSP, 0);
  static final Mem LENGTH = mem(RSP, 8);
  static final Mem X_START = mem(RSP, 16);
  private static final Mem SAVED_RSP = mem(RSP, 24);
  private static final Mem PANEL_BYTES = mem(RSP, 32);
  private static final Mem PANEL_START = mem(RSP, 40);
  private static final Mem PANELS = mem(RSP, 48);
  private static final Mem PANELS_LEFT = mem(RSP, 56);
  private static final Mem Y_START = mem(RSP, 64);
  private static final Mem Y = mem(RSP, 72);
  private static final Mem Y_STRIDE = mem(RSP, 80);
  private static final Mem NEXT_CHUNK = mem(RSP, 88);
  private static final int LOCALS_BYTES = 128;

  private final Assembler a;
  private final int rows;

  MatrixFrame(Assembler a, int rows) {
    this.a = a;
    this.rows = rows;
  }

  /// Saves what the caller wants back and makes room on the stack.
  ///
  /// @param bytes from [#room] on
  void enter(int bytes) {
    SAVED.forEach(a::push);
    a.mov(RAX, RSP);
    a.sub(RSP, LOCALS_BYTES + bytes);
    a.and(RSP, -64);
    a.mov(SAVED_RSP, RAX);
    int stackArguments = 8 * SAVED.size() + 8;
    a.mov(RBX, mem(RAX, stackArguments));
    a.mov(PANEL_BYTES, RBX);
    a.mov(RBX, mem(RAX, stackArguments + 8));
    a.mov(Y_STRIDE, RBX);
    a.mov(PANEL_START, PANEL);
    a.mov(X_START, RSI);
    a.mov(Y_START, RDX);
    a.mov(PANELS, RCX);
    a.xor(RBX, RBX);
    a.mov(FIRST, RBX);
    a.mov(NEXT_CHUNK, RBX);
  }

  void leave() {
    a.mov(RSP, SAVED_RSP);
    SAVED.reversed().forEach(a::pop);
    a.vzeroupper();
    a.ret();
  }

  /// Where the room on the stack begins, at a multiple of 64.
  static Mem room() {
    return mem(RSP, LOCALS_BYTES);
  }

  /// Runs the body once per *chunk*, which is so many steps but for the last: all panels are
  /// multiplied with the chunk's columns before the next, so that the activations stay near.
  /// Between chunks the results lie where they will in the end.
  ///
  /// @param steps of a chunk
  /// @param stepBytes from the quants of one step to those of the next
  void eachChunk(int steps, int stepBytes, Runnable body) {
    Label again = a.here();
    Label last = new Label();
    a.mov(RBX, STEPS);
    a.sub(RBX, FIRST);
    a.xor(RAX, RAX);
    a.cmp(RBX, steps + 1);
    a.jump(Condition.LESS, last);
    a.mov(RBX, steps);
    a.imul(RAX, RBX, stepBytes);
    a.add(RAX, PANEL_START);
    a.bind(last);
    a.mov(LENGTH, RBX);
    a.mov(NEXT_CHUNK, RAX);
    body.run();
    a.mov(RAX, FIRST);
    a.add(RAX, LENGTH);
    a.mov(FIRST, RAX);
    a.cmp(RAX, STEPS);
    a.jump(Condition.NOT_EQUAL, again);
  }

  /// Runs the body once per panel.
  void eachPanel(Runnable body) {
    a.mov(PANEL, PANEL_START);
    a.mov(RAX, Y_START);
    a.mov(Y, RAX);
    a.mov(RBX, PANELS);
    Label again = a.here();
    a.mov(PANELS_LEFT, RBX);
    emitAhead();
    body.run();
    a.add(PANEL, PANEL_BYTES);
    a.mov(RBX, Y);
    a.add(RBX, 64);
    a.mov(Y, RBX);
    a.mov(RBX, PANELS_LEFT);
    a.dec(RBX);
    a.jump(Condition.NOT_EQUAL, again);
  }

  private void emitAhead() {
    Label known = new Label();
    a.mov(AHEAD, PANEL_BYTES);
    a.dec(RBX);
    a.jump(Condition.NOT_EQUAL, known);
    a.mov(AHEAD, NEXT_CHUNK);
    a.test(AHEAD, AHEAD);
    a.jump(Condition.EQUAL, known);
    a.sub(AHEAD, PANEL);
    a.bind(known);
  }

  /// Points at the chunk's first column of every row of activations.
  ///
  /// @param bytes of a step
  void startRows(int bytes) {
    a.imul(X.get(0), FIRST, bytes);
    a.add(X.get(0), X_START);
    for (int i = 1; i < X.size() && X_ROWS[i] < rows; i++) {
      a.lea(X.get(i), mem(X.get(i - 1)).index(STRIDE, 2));
      if (X_ROWS[i] - X_ROWS[i - 1] == 3) {
        a.add(X.get(i), STRIDE);
      }
    }
  }

  /// Moves on by so many bytes in every row of activations.
  void advanceRows(int bytes) {
    for (int i = 0; i < X.size() && X_ROWS[i] < rows; i++) {
      a.add(X.get(i), bytes);
    }
  }

  /// The activations of a row, so many bytes behind the step's first.
  Mem x(int row, int bytes) {
    for (int i = X.size() - 1; i >= 0; i--) {
      int strides = row - X_ROWS[i];
      if (strides == 0) {
        return mem(X.get(i), bytes);
      }
      if (strides > 0 && Integer.bitCount(strides) == 1) {
        return mem(X.get(i), bytes).index(STRIDE, strides);
      }
    }
    throw new IllegalArgumentException("no pointer reaches row " + row);
  }

  /// Goes through the panel's results, which are in memory between chunks and at the end.
  ///
  /// @param bytes from the panel's first result
  void eachResult(int bytes, ObjIntConsumer<Mem> body) {
    Gpr place = COUNT;
    a.mov(place, Y);
    for (int row = 0; row < rows; row++) {
      body.accept(mem(place, bytes), row);
      a.add(place, Y_STRIDE);
    }
  }
}
