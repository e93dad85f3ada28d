package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.Gpr.R11;
import static dev.educe.kernels.codegen.Gpr.R12;
import static dev.educe.kernels.codegen.Gpr.R14;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RBP;
import static dev.educe.kernels.codegen.Gpr.RBX;
import static dev.educe.kernels.codegen.MatrixFrame.COUNT;
import static dev.educe.kernels.codegen.MatrixFrame.FIRST;
import static dev.educe.kernels.codegen.MatrixFrame.LENGTH;
import static dev.educe.kernels.codegen.MatrixFrame.STEPS;
import static dev.educe.kernels.codegen.MatrixFrame.STRIDE;
import static dev.educe.kernels.codegen.MatrixFrame.X_START;
import static dev.educe.kernels.codegen.Mem.mem;

/// What a matrix kernel needs of each row of activations and block of a chunk, laid out on the
/// stack before its first panel: `[2 or 3, rows, chunk]` words.
///
/// First the scales, then what the integer accumulators start at, per half where there are halves.
/// Formats with mins, which start at 0, have the sums of the activations there, as floats.
final class BlockTable {
  /// Points at the block's word of the first row's scales.
  static final Gpr TABLE = RBP;

  // Blocks that are laid out at once.
  private static final int QUAD = 4;
  private static final int EVEN_LANES = 0x88; // of vshufps
  private static final int ODD_LANES = 0xdd;

  private final Assembler a;
  private final Unpack format;
  private final Registers registers;
  private final int rows;
  private final int chunk;

  /// @param chunk blocks, a multiple of four
  BlockTable(Assembler a, Unpack format, Registers registers, int rows, int chunk) {
    this.a = a;
    this.format = format;
    this.registers = registers;
    this.rows = rows;
    this.chunk = chunk;
  }

  /// Bytes of the table.
  int bytes() {
    return Float.BYTES * chunk * rows * (format.hasHalves() ? 3 : 2);
  }

  /// A word of the block that [#TABLE] points at.
  ///
  /// @param index 0 for the scale, 1 for the sum or the first half's, 2 for the second half's
  Mem entry(int index, int row) {
    return mem(TABLE, Float.BYTES * chunk * (index * rows + row));
  }

  /// Writes how the chunk's table is laid out.
  void emit() {
    Gpr x = RAX;
    Gpr scales = R10;
    Gpr sums = R11;
    Gpr tableOfRow = R12;
    Gpr row = R14;
    a.mov(x, X_START);
    a.lea(tableOfRow, MatrixFrame.room());
    a.mov(row, rows);
    Label again = a.here();
    a.mov(scales, STEPS);
    a.shl(scales, 5);
    a.add(scales, x);
    a.lea(sums, mem(scales).index(STEPS, 4));
    a.mov(RBX, FIRST);
    a.lea(scales, mem(scales).index(RBX, 4));
    a.lea(sums, mem(sums).index(RBX, 8));
    a.mov(TABLE, tableOfRow);
    emitTableOfRow(scales, sums);
    a.add(x, STRIDE);
    a.add(tableOfRow, chunk * Float.BYTES);
    a.dec(row);
    a.jump(Condition.NOT_EQUAL, again);
  }

  private void emitTableOfRow(Gpr scales, Gpr sums) {
    Label single = new Label();
    Label end = new Label();
    a.mov(COUNT, LENGTH);
    a.sub(COUNT, QUAD);
    a.jump(Condition.LESS, single);
    Label again = a.here();
    emitTableOfBlocks(scales, sums, QUAD);
    a.sub(COUNT, QUAD);
    a.jump(Condition.GREATER_OR_EQUAL, again);
    a.bind(single);
    a.add(COUNT, QUAD);
    a.jump(Condition.EQUAL, end);
    Label rest = a.here();
    emitTableOfBlocks(scales, sums, 1);
    a.dec(COUNT);
    a.jump(Condition.NOT_EQUAL, rest);
    a.bind(end);
  }

  /// Writes what the table holds of four blocks or one.
  private void emitTableOfBlocks(Gpr scales, Gpr sums, int blocks) {
    Vec scale = registers.t0().as(128);
    Vec first = registers.w0().as(128);
    Vec second = registers.w1().as(128);
    if (blocks == QUAD) {
      a.vmovups(scale, mem(scales));
      a.vmovups(mem(TABLE), scale);
      a.vmovups(second, mem(sums));
      a.vshufps(first, second, mem(sums, 16), EVEN_LANES);
      a.vshufps(second, second, mem(sums, 16), ODD_LANES);
    } else {
      a.vmovd(scale, mem(scales));
      a.vmovd(mem(TABLE), scale);
      a.vmovd(first, mem(sums));
      a.vmovd(second, mem(sums, 4));
    }
    if (format.hasHalves()) {
      emitSum(first, 1, blocks);
      emitSum(second, 2, blocks);
    } else {
      a.vpaddd(first, first, second);
      emitSum(first, 1, blocks);
    }
    a.add(scales, 4 * blocks);
    a.add(sums, 8 * blocks);
    a.add(TABLE, 4 * blocks);
  }

  private void emitSum(Vec sum, int index, int blocks) {
    if (format.excess() != 0) {
      long excess = Integer.toUnsignedLong(-format.excess());
      a.vpmulld(sum, sum, a.constant(excess | excess << 32, excess | excess << 32));
    }
    if (format.hasMins()) {
      a.vcvtdq2ps(sum, sum);
    }
    if (blocks == QUAD) {
      a.vmovups(entry(index, 0), sum);
    } else {
      a.vmovd(entry(index, 0), sum);
    }
  }
}
