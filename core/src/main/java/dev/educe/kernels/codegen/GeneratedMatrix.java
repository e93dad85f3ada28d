package dev.educe.kernels.codegen;

import dev.educe.kernels.Activations;
import dev.educe.kernels.MatrixKernels;
import dev.educe.kernels.MatrixOperands;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.tensor.DType;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Matrix products by generated code.
///
/// A kernel is written when a format and a number of rows are first multiplied, and kept: there are
/// at most [MatrixFrame#ROWS_MAX] per format. Rows of activations go in *tiles* of nearly equal
/// size; panels in chunks that stay in the second-level cache while all tiles pass over them. Calls
/// are critical, so each does at most as much as [CriticalCalls] says.
///
/// Thread-safe. Lives as long as the process, or until [#close] when no thread multiplies any more.
public final class GeneratedMatrix implements MatrixKernels, AutoCloseable {
  private static final long CHUNK_BYTES = 640 << 10;
  // Panels that are read once only, from memory: some 0.2 ms of it.
  private static final long CALL_BYTES_MAX = 4 << 20;

  private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private static final MethodHandle CALL = call();

  private final Tier tier;
  private final MatrixKernels others;
  private final MatrixEmitter.Dot dot;
  private final CodeArena code = new CodeArena();
  private final AtomicReferenceArray<MemorySegment> kernels =
      new AtomicReferenceArray<>(DType.values().length * (MatrixFrame.ROWS_MAX + 1));
  private final AtomicReference<MemorySegment> quantizeKernel = new AtomicReference<>();
  private final AtomicReferenceArray<MemorySegment> packKernels =
      new AtomicReferenceArray<>(DType.values().length);

  /// @param tier one that this machine has
  /// @param others what multiplies what no kernel is generated for, and quantizes rows of broken
  ///   blocks
  public GeneratedMatrix(Tier tier, MatrixKernels others) {
    this(tier, others, Assembler::vpdpbusdVex);
  }

  GeneratedMatrix(Tier tier, MatrixKernels others, MatrixEmitter.Dot dot) {
    this.tier = tier;
    this.others = others;
    this.dot = dot;
  }

  /// The tier.
  public Tier tier() {
    return tier;
  }

  @Override
  public void pack(MemorySegment rows, Panels target, int rowFrom, int rowCount) {
    // A last panel of fewer rows is left to others.
    int whole = rowCount / PanelLayout.ROWS * PanelLayout.ROWS;
    boolean fits = whole > 0 && target.size() <= CriticalCalls.ELEMENTS_MAX;
    if (!fits || !rows.isNative() || !PackEmitter.supports(target.type())) {
      others.pack(rows, target, rowFrom, rowCount);
      return;
    }
    PanelPacker.checkRange(target, rowFrom, rowCount);
    int size = target.size();
    long rowBytes = target.type().rowBytes(size);
    Objects.checkFromIndexSize(0, rowCount * rowBytes, rows.byteSize());
    MemorySegment kernel = packKernel(target.type());
    for (int row = 0; row < whole; row += PanelLayout.ROWS) {
      long panel =
          target.memory().address() + (rowFrom + row) / PanelLayout.ROWS * target.panelBytes();
      GeneratedRows.run(
          kernel, rows.address() + row * rowBytes, panel, rowBytes, size / Activations.BLOCK, 0, 0);
    }
    if (whole < rowCount) {
      others.pack(rows.asSlice(whole * rowBytes), target, rowFrom + whole, rowCount - whole);
    }
  }

  @Override
  public int quantize(Activations x, int rowFrom, int rowTo) {
    if (x.size() != x.paddedSize() || x.size() > CriticalCalls.ELEMENTS_MAX) {
      return others.quantize(x, rowFrom, rowTo);
    }
    Objects.checkFromToIndex(rowFrom, rowTo, x.rowsMax());
    MemorySegment kernel = quantizeKernel();
    int failed = -1;
    for (int row = rowFrom; row < rowTo; row++) {
      long quantized = x.quantized().address() + row * x.rowBytes();
      long largest =
          GeneratedRows.run(
              kernel,
              x.floats().address() + (long) row * x.paddedSize() * Float.BYTES,
              quantized,
              quantized + x.scalesOffset(),
              quantized + x.sumsOffset(),
              x.size() / Activations.BLOCK,
              0);
      if (largest >= INFINITY && failed < 0) {
        failed = row;
      }
    }
    return failed;
  }

  @Override
  public void multiply(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    int tileMax = tileRowsMax(w.type(), w.size());
    if (tileMax == 0) {
      others.multiply(w, panelFrom, panelTo, x, rowFrom, rowTo, y, yStride);
      return;
    }
    MatrixOperands.check(w, panelFrom, panelTo, x, rowFrom, rowTo, y, yStride);
    if (panelFrom == panelTo || rowFrom == rowTo) {
      return;
    }
    int rows = rowTo - rowFrom;
    int tiles = Math.ceilDiv(rows, tileMax);
    long chunkBytes = tiles == 1 ? CALL_BYTES_MAX : CHUNK_BYTES;
    int panels = panelTo - panelFrom;
    // Of one size: every call lays out its rows anew, which some last panels would not be worth.
    int chunks = (int) Math.ceilDiv(panels, Math.max(1, chunkBytes / w.panelBytes()));
    for (int chunk = 0; chunk < chunks; chunk++) {
      int panel = panelFrom + part(panels, chunk, chunks);
      int panelEnd = panelFrom + part(panels, chunk + 1, chunks);
      for (int tile = 0; tile < tiles; tile++) {
        int from = rowFrom + part(rows, tile, tiles);
        int to = rowFrom + part(rows, tile + 1, tiles);
        multiplyTile(w, panel, panelEnd, x, from, to, y, yStride);
      }
    }
  }

  /// Where a part begins of something that is split into parts of nearly equal size.
  private static int part(int size, int index, int parts) {
    return (int) ((long) size * index / parts);
  }

  private void multiplyTile(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    boolean isQuantized = w.layout().isQuantized();
    int rows = rowTo - rowFrom;
    MemorySegment kernel = kernel(w.type(), rows);
    long xStride = isQuantized ? x.rowBytes() : x.paddedSize() * 4L;
    MemorySegment xRows = isQuantized ? x.quantized() : x.floats();
    long steps = isQuantized ? w.size() / Activations.BLOCK : w.size();
    int panelsMax = callPanelsMax(rows, w.size());
    for (int panel = panelFrom; panel < panelTo; panel += panelsMax) {
      int count = Math.min(panelsMax, panelTo - panel);
      assert count * panelMultiplies(rows, w.size()) <= CriticalCalls.MULTIPLIES_MAX;
      run(
          kernel,
          w.memory().asSlice(panel * w.panelBytes()),
          xRows.asSlice(rowFrom * xStride),
          y.asSlice((rowFrom * yStride + (long) panel * PanelLayout.ROWS) * 4),
          count,
          steps,
          xStride,
          w.panelBytes(),
          yStride * 4);
    }
  }

  /// Panels that a call multiplies with so many rows, at most.
  static int callPanelsMax(int rows, int size) {
    return (int) (CriticalCalls.MULTIPLIES_MAX / panelMultiplies(rows, size));
  }

  private static long panelMultiplies(int rows, int size) {
    return (long) rows * PanelLayout.ROWS * size;
  }

  /// Calls a kernel; the arguments are those of [MatrixFrame].
  static void run(
      MemorySegment kernel,
      MemorySegment panels,
      MemorySegment x,
      MemorySegment y,
      long panelCount,
      long steps,
      long xStride,
      long panelBytes,
      long yStride) {
    try {
      CALL.invokeExact(kernel, panels, x, y, panelCount, steps, xStride, panelBytes, yStride);
    } catch (Throwable e) {
      throw new AssertionError("generated code throws nothing", e);
    }
  }

  /// Rows a kernel takes at once; 0 if there is no kernel or one row were too much for a call.
  int tileRowsMax(DType type, int size) {
    int rowsMax =
        type.isQuantized()
            ? Unpack.find(type).map(format -> Registers.rowsMax(format, tier)).orElse(0)
            : PlainEmitter.rowsMax();
    return Math.min(rowsMax, callPanelsMax(1, size));
  }

  /// The kernel for so many rows, written if need be.
  MemorySegment kernel(DType type, int rows) {
    int index = type.ordinal() * (MatrixFrame.ROWS_MAX + 1) + rows;
    MemorySegment kernel = kernels.getAcquire(index);
    return kernel != null ? kernel : generate(type, rows, index);
  }

  private synchronized MemorySegment generate(DType type, int rows, int index) {
    MemorySegment known = kernels.getAcquire(index);
    if (known != null) {
      return known;
    }
    Assembler assembler =
        type.isQuantized()
            ? new MatrixEmitter(Unpack.find(type).orElseThrow(), tier, rows, dot).emit()
            : new PlainEmitter(type, tier, rows).emit();
    String name = "matrix-%s-%s-%d".formatted(type, tier.label(), rows).toLowerCase(Locale.ROOT);
    MemorySegment kernel = code.add(name, assembler);
    kernels.setRelease(index, kernel);
    return kernel;
  }

  private MemorySegment quantizeKernel() {
    MemorySegment kernel = quantizeKernel.getAcquire();
    return kernel != null ? kernel : generateQuantize();
  }

  private synchronized MemorySegment generateQuantize() {
    MemorySegment known = quantizeKernel.getAcquire();
    if (known != null) {
      return known;
    }
    MemorySegment kernel = code.add("quantize", new QuantizeEmitter().emit());
    quantizeKernel.setRelease(kernel);
    return kernel;
  }

  private MemorySegment packKernel(DType type) {
    MemorySegment kernel = packKernels.getAcquire(type.ordinal());
    return kernel != null ? kernel : generatePack(type);
  }

  private synchronized MemorySegment generatePack(DType type) {
    MemorySegment known = packKernels.getAcquire(type.ordinal());
    if (known != null) {
      return known;
    }
    String name = "pack-" + type.name().toLowerCase(Locale.ROOT);
    MemorySegment kernel = code.add(name, new PackEmitter(type).emit());
    packKernels.setRelease(type.ordinal(), kernel);
    return kernel;
  }

  /// Returns the pages of all kernels.
  @Override
  public void close() {
    code.close();
  }

  @SuppressWarnings("restricted")
  private static MethodHandle call() {
    return Linker.nativeLinker().downcallHandle(MatrixFrame.TYPE, Linker.Option.critical(false));
  }
}
