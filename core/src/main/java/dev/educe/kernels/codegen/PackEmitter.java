package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.Gpr.R9;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Mem.mem;
import static dev.educe.kernels.codegen.Vec.xmm;

import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;
import java.util.Set;

/// Writes the kernel that packs sixteen rows of a checkpoint into a panel.
///
///     long kernel(rows, panel, rowBytes, blocks, unused, unused)
///
/// For formats whose blocks hold one or two halves and then quads of codes as panels have them. So
/// all there is to do is to move each quad to its lane: squares of four rows by four quads are
/// transposed. Vectors have 128 bits in every tier, since memory is what takes time.
final class PackEmitter {
  private static final Set<DType> TYPES = Set.of(DType.Q4_0, DType.Q4_1, DType.IQ4_NL, DType.Q8_0);

  private static final Gpr ROWS = RDI;
  private static final Gpr BLOCK = RSI; // of the panel
  private static final Gpr ROW_BYTES = RDX;
  private static final Gpr BLOCKS = RCX;
  private static final Gpr FIRST_ROW = R9; // of a square
  private static final Gpr THREE_ROWS = R10;
  private static final Gpr SCALE = RAX;

  private static final int SIDE = 4;
  private static final int SQUARE_BYTES = SIDE * Integer.BYTES;
  private static final int LOWER_PAIRS = 0x44; // of vshufps
  private static final int UPPER_PAIRS = 0xee;
  private static final int EXCESS_128 = 0x80808080;

  private final DType type;
  private final int quads; // of a block
  private final int halves;
  private final PanelLayout layout;
  private final Vec flipped = xmm(8);
  private final Assembler a = new Assembler();

  PackEmitter(DType type) {
    this.type = type;
    this.quads = type == DType.Q8_0 ? 8 : 4;
    this.halves = (type.blockBytes() - quads * Integer.BYTES) / Short.BYTES;
    this.layout = PanelLayout.find(type).orElseThrow();
  }

  /// Whether there is a kernel for a format.
  static boolean supports(DType type) {
    return TYPES.contains(type);
  }

  /// Writes the kernel.
  Assembler emit() {
    if (type == DType.Q8_0) {
      a.vbroadcastss(flipped, a.constant(EXCESS_128));
    }
    a.lea(THREE_ROWS, mem(ROW_BYTES).index(ROW_BYTES, 2));
    Label again = a.here();
    a.mov(FIRST_ROW, ROWS);
    for (int lane = 0; lane < PanelLayout.ROWS; lane += SIDE) {
      emitScales(lane);
      for (int quad = 0; quad < quads; quad += SIDE) {
        emitSquare(lane, quad);
      }
      a.lea(FIRST_ROW, mem(FIRST_ROW).index(ROW_BYTES, SIDE));
    }
    a.add(ROWS, type.blockBytes());
    a.add(BLOCK, layout.quantStride());
    a.dec(BLOCKS);
    a.jump(Condition.NOT_EQUAL, again);
    a.vzeroupper();
    a.ret();
    return a;
  }

  private void emitScales(int lane) {
    for (int half = 0; half < halves; half++) {
      for (int row = 0; row < SIDE; row++) {
        a.movzx16(SCALE, row(row, half * Short.BYTES));
        a.mov16(mem(BLOCK, (PanelLayout.ROWS * half + lane + row) * Short.BYTES), SCALE);
      }
    }
  }

  private void emitSquare(int lane, int quad) {
    for (int row = 0; row < SIDE; row++) {
      a.vmovups(xmm(row), row(row, halves * Short.BYTES + quad * Integer.BYTES));
      if (type == DType.Q8_0) {
        a.vpxor(xmm(row), xmm(row), flipped);
      }
    }
    a.vunpcklps(xmm(4), xmm(0), xmm(1));
    a.vunpcklps(xmm(5), xmm(2), xmm(3));
    a.vunpckhps(xmm(6), xmm(0), xmm(1));
    a.vunpckhps(xmm(7), xmm(2), xmm(3));
    for (int column = 0; column < SIDE; column++) {
      Vec first = xmm(4 + column / 2 * 2);
      Vec second = xmm(5 + column / 2 * 2);
      a.vshufps(xmm(0), first, second, column % 2 == 0 ? LOWER_PAIRS : UPPER_PAIRS);
      int group = layout.scaleBytes() + PanelLayout.ROWS * Integer.BYTES * (quad + column);
      a.vmovups(mem(BLOCK, group + lane / SIDE * SQUARE_BYTES), xmm(0));
    }
  }

  /// A place in one of the square's rows.
  private static Mem row(int row, int bytes) {
    Mem first = mem(FIRST_ROW, bytes);
    return switch (row) {
      case 0 -> first;
      case 1, 2 -> first.index(ROW_BYTES, row);
      default -> first.index(THREE_ROWS, 1);
    };
  }
}
