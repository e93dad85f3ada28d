package dev.educe.kernels.codegen;

import dev.educe.kernels.Activations;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.Panels;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// A matrix of any format times some rows; each check multiplies a part of either.
final class MatrixStress implements StressCase {
  private static final int MULTIPLIES = 1 << 19;
  // Now and then enough for several chunks of panels.
  private static final int MULTIPLIES_MAX = 1 << 23;
  private static final byte UNTOUCHED = 0x55;

  private final Panels w;
  private final Activations x;
  private final int yStride;
  private final MemorySegment y;
  private final MemorySegment expected;
  private final MemorySegment untouched; // a row

  private MatrixStress(Panels w, Activations x, Random random, GuardedPages pages) {
    this.w = w;
    this.x = x;
    RandomOperands.weights(
        w.memory(), w.layout(), w.panelBytes(), w.size(), random, random.nextInt(8) == 0);
    RandomOperands.activations(x, random, random.nextInt(8) == 0);
    int outputs = w.panels() * PanelLayout.ROWS;
    this.yStride = outputs + random.nextInt(20);
    this.y = pages.allocate(4L * ((x.rowsMax() - 1L) * yStride + outputs), true);
    this.expected = MemorySegment.ofArray(new float[(int) (y.byteSize() / 4)]);
    StressKernels.SCALAR.matrix().multiply(w, 0, w.panels(), x, 0, x.rowsMax(), expected, yStride);
    this.untouched = MemorySegment.ofArray(new byte[4 * yStride]).fill(UNTOUCHED);
  }

  static StressCase random(Random random, GuardedPages pages, Region region) {
    DType type = StressCase.format(random);
    int size =
        type.isQuantized()
            ? type.blockSize() * (1 + random.nextInt(4096 / type.blockSize()))
            : 1 + random.nextInt(1500);
    int xRows = 1 + random.nextInt(30);
    int multiplies = random.nextInt(20) == 0 ? MULTIPLIES_MAX : MULTIPLIES;
    int rows = 1 + random.nextInt(Math.max(16, multiplies / (size * xRows)));
    var w = new Panels(region, type, rows, size);
    return new MatrixStress(w, new Activations(region, xRows, size), random, pages);
  }

  @Override
  public String kernel() {
    return "matrix " + w.type();
  }

  @Override
  public int repeats() {
    return 400;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    int panelFrom = random.nextInt(w.panels());
    int panelTo = panelFrom + 1 + random.nextInt(w.panels() - panelFrom);
    int rowFrom = random.nextInt(x.rowsMax());
    int rowTo = rowFrom + 1 + random.nextInt(x.rowsMax() - rowFrom);
    y.fill(UNTOUCHED);
    kernels.matrix().multiply(w, panelFrom, panelTo, x, rowFrom, rowTo, y, yStride);
    long from = 64L * panelFrom;
    long to = 64L * panelTo;
    for (int row = 0; row < x.rowsMax(); row++) {
      long at = 4L * yStride * row;
      MemorySegment actual = y.asSlice(at, Math.min(4L * yStride, y.byteSize() - at));
      boolean isWritten = row >= rowFrom && row < rowTo;
      if (isWritten) {
        StressCase.requireSame(
            expected.asSlice(at + from, to - from),
            actual.asSlice(from, to - from),
            "panels %d to %d, row %d of %d to %d"
                .formatted(panelFrom, panelTo, row, rowFrom, rowTo));
      }
      requireUntouched(actual.asSlice(0, isWritten ? from : actual.byteSize()));
      requireUntouched(actual.asSlice(isWritten ? to : actual.byteSize()));
    }
  }

  private void requireUntouched(MemorySegment part) {
    StressCase.requireSameBytes(
        untouched.asSlice(0, part.byteSize()), part, "results that were not asked for");
  }

  @Override
  public String toString() {
    return "[%d, %d] times %d rows".formatted(w.rows(), w.size(), x.rowsMax());
  }
}
