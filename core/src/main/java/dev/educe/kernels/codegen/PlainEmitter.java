package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.MatrixFrame.COUNT;
import static dev.educe.kernels.codegen.MatrixFrame.PANEL;
import static dev.educe.kernels.codegen.MatrixFrame.STEPS;
import static dev.educe.kernels.codegen.Mem.mem;

import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;
import java.util.List;
import java.util.stream.IntStream;

/// Writes the matrix kernel of plain weights: F32, F16 and BF16 times rows of floats, one fused
/// multiply-add per weight, columns ascending.
final class PlainEmitter {
  private static final Gpr WEIGHTS = R10;
  private static final int UNROLL = 8;

  private final Assembler a = new Assembler();
  private final DType type;
  private final Tier tier;
  private final int columnBytes;
  private final MatrixFrame frame;
  private final List<Vec> results;
  private final Vec w;
  private final Vec x;

  PlainEmitter(DType type, Tier tier, int rows) {
    this.type = type;
    this.tier = tier;
    this.columnBytes = PanelLayout.find(type).orElseThrow().quantBytes();
    this.frame = new MatrixFrame(a, rows);
    this.results = IntStream.range(0, rows).mapToObj(this::register).toList();
    this.w = register(rows);
    this.x = register(rows + 1);
  }

  /// How many rows of activations a kernel can take at once: as many as a first-level cache has
  /// ways, for rows of floats often lie a power of two apart.
  static int rowsMax() {
    return 8;
  }

  /// Writes the kernel; a step is a column.
  Assembler emit() {
    frame.enter(0);
    frame.eachPanel(() -> {
      for (int strip = 0; strip < 512 / tier.bits(); strip++) {
        emitStrip(strip);
      }
    });
    frame.leave();
    return a;
  }

  private void emitStrip(int strip) {
    int offset = strip * columnBytes * tier.bits() / 512;
    a.lea(WEIGHTS, mem(PANEL, offset));
    frame.startRows(Float.BYTES);
    results.forEach(result -> a.vpxor(result, result, result));
    Label rest = new Label();
    Label end = new Label();
    a.mov(COUNT, STEPS);
    a.sub(COUNT, UNROLL);
    a.jump(Condition.LESS, rest);
    Label again = a.here();
    emitColumns(UNROLL);
    a.sub(COUNT, UNROLL);
    a.jump(Condition.GREATER_OR_EQUAL, again);
    a.bind(rest);
    a.add(COUNT, UNROLL);
    a.jump(Condition.EQUAL, end);
    Label single = a.here();
    emitColumns(1);
    a.dec(COUNT);
    a.jump(Condition.NOT_EQUAL, single);
    a.bind(end);
    frame.eachResult(strip * tier.bits() / 8, (place, row) -> a.vmovups(place, results.get(row)));
  }

  private void emitColumns(int columns) {
    for (int column = 0; column < columns; column++) {
      load(mem(WEIGHTS, column * columnBytes));
      for (int row = 0; row < results.size(); row++) {
        Mem element = frame.x(row, 4 * column);
        if (tier.bits() == 512) {
          a.vfmadd231ps(results.get(row), w, element.broadcast());
        } else {
          a.vbroadcastss(x, element);
          a.vfmadd231ps(results.get(row), w, x);
        }
      }
    }
    a.add(WEIGHTS, columns * columnBytes);
    frame.advanceRows(4 * columns);
  }

  private void load(Mem column) {
    switch (type) {
      case F32 -> a.vmovups(w, column);
      case F16 -> a.vcvtph2ps(w, column);
      case BF16 -> {
        a.vpmovzxwd(w, column);
        a.vpslld(w, w, 16);
      }
      default -> throw new IllegalArgumentException(type + " is not a plain type");
    }
  }

  private Vec register(int index) {
    return new Vec(index, tier.bits(), 0, false);
  }
}
