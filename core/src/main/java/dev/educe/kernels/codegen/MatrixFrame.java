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

  /// Bytes to the panel after this one; 0 in the last one.
  static final Gpr AHEAD = RAX;

  /// Rows at most: three to each register that points at activations.
  static final int ROWS_MAX = 12;

  private static final Gpr Y = RDX;
  private static final Gpr PANELS = RCX;
  private static final List<Gpr> SAVED = List.of(RBP, RBX, R12, R13, R14, R15);
  private static final List<Gpr> X = List.of(RSI, R12, R13, R14);

  // Locals, from the stack pointer on.
  private static final Mem SAVED_RSP = mem(RSP, 0);
  private static final Mem PANEL_BYTES = mem(RSP, 8);
  private static final Mem Y_STRIDE = mem(RSP, 16);
  private static final Mem X_START = mem(RSP, 24);
  private static final int LOCALS_BYTES = 64;

  private final Assembler a;
  private final int rows;

  MatrixFrame(Assembler a, int rows) {
    this.a = a;
    this.rows = rows;
  }

  /// Saves what the caller wants back and makes room for a table on the stack.
  ///
  /// @param tableBytes bytes of the table per step
  void enter(int tableBytes) {
    SAVED.forEach(a::push);
    a.mov(RAX, RSP);
    a.imul(RBX, STEPS, tableBytes);
    a.sub(RSP, RBX);
    a.sub(RSP, LOCALS_BYTES);
    a.and(RSP, -64);
    a.mov(SAVED_RSP, RAX);
    int stackArguments = 8 * SAVED.size() + 8;
    a.mov(RBX, mem(RAX, stackArguments));
    a.mov(PANEL_BYTES, RBX);
    a.mov(RBX, mem(RAX, stackArguments + 8));
    a.mov(Y_STRIDE, RBX);
    a.mov(X_START, RSI);
  }

  void leave() {
    a.mov(RSP, SAVED_RSP);
    SAVED.reversed().forEach(a::pop);
    a.vzeroupper();
    a.ret();
  }

  /// Where the table begins.
  static Mem table() {
    return mem(RSP, LOCALS_BYTES);
  }

  /// Runs the body once per panel.
  void eachPanel(Runnable body) {
    Label again = a.here();
    Label last = new Label();
    a.mov(AHEAD, PANELS);
    a.dec(AHEAD);
    a.jump(Condition.EQUAL, last);
    a.mov(AHEAD, PANEL_BYTES);
    a.bind(last);
    body.run();
    a.add(PANEL, PANEL_BYTES);
    a.add(Y, 64);
    a.dec(PANELS);
    a.jump(Condition.NOT_EQUAL, again);
  }

  /// Points at the first column of every row of activations.
  void startRows() {
    a.mov(X.get(0), X_START);
    for (int i = 1; 3 * i < rows; i++) {
      a.lea(X.get(i), mem(X.get(i - 1)).index(STRIDE, 2));
      a.add(X.get(i), STRIDE);
    }
  }

  /// Moves on by so many bytes in every row of activations.
  void advanceRows(int bytes) {
    for (int i = 0; 3 * i < rows; i++) {
      a.add(X.get(i), bytes);
    }
  }

  /// The activations of a row, so many bytes behind the step's first.
  Mem x(int row, int bytes) {
    Mem first = mem(X.get(row / 3), bytes);
    return row % 3 == 0 ? first : first.index(STRIDE, row % 3);
  }

  /// Stores a vector of results of each row.
  ///
  /// @param bytes from the panel's first result
  void store(List<Vec> results, int bytes) {
    Gpr target = COUNT;
    a.mov(target, Y);
    for (Vec result : results) {
      a.vmovups(mem(target, bytes), result);
      a.add(target, Y_STRIDE);
    }
  }
}
