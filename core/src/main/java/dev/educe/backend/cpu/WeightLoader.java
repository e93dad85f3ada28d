package dev.educe.backend.cpu;

import dev.educe.format.Checkpoint;
import dev.educe.format.TensorEntry;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.model.Projection;
import dev.educe.model.RowOrder;
import dev.educe.model.Weight;
import dev.educe.model.WeightSpec;
import dev.educe.model.Weights;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/// Reads weights from a file into panels, in parallel, a few rows at a time.
///
/// The file's own layout is only ever held in small staging buffers. Not thread-safe.
final class WeightLoader implements AutoCloseable {
  // Large enough for the disk, small enough that packing finds it in the second-level cache.
  private static final long STAGING_BYTES = 1 << 18;

  private final Checkpoint file;
  private final Weights weights;
  private final Region region;
  private final Crew crew;
  private final boolean dequantize;
  private final DoubleConsumer progress;
  private final long bytes; // of all weights
  private final Region staging = Region.open("staging of weights", MemoryBudget.unlimited());
  private final MemorySegment[] buffers; // [threads], grown on demand
  private final Map<String, Panels> loaded = new HashMap<>(); // tied weights are loaded once
  private long bytesLoaded;

  /// @param region where the weights are kept
  /// @param dequantize whether quantized matrices become F32
  WeightLoader(
      Checkpoint file,
      Weights weights,
      Region region,
      Crew crew,
      boolean dequantize,
      DoubleConsumer progress) {
    this.file = file;
    this.weights = weights;
    this.region = region;
    this.crew = crew;
    this.dequantize = dequantize;
    this.progress = progress;
    this.bytes = weights.bytes();
    this.buffers = new MemorySegment[crew.workers().threads()];
  }

  /// A projection that the file must have.
  Linear linear(Projection projection) throws IOException {
    Weight weight = weights.get(projection.weight());
    return new Linear(weight.spec().name(), matrix(weight), findVector(projection.bias()));
  }

  /// A matrix, as stored or dequantized; loaded once however often it is asked for.
  Panels matrix(Weight weight) throws IOException {
    WeightSpec spec = weight.spec();
    Panels known = loaded.get(spec.name());
    if (known == null) {
      known = rows(weight.parts().getFirst(), 0, spec.shape().rows(), spec, dequantize);
      loaded.put(spec.name(), known);
    }
    return known;
  }

  /// A router, always in F32.
  Panels router(WeightSpec spec) throws IOException {
    return rows(weights.get(spec).parts().getFirst(), 0, spec.shape().rows(), spec, true);
  }

  /// The matrices of all experts.
  Panels[] experts(WeightSpec spec) throws IOException {
    Weight weight = weights.get(spec);
    int experts = Math.toIntExact(spec.shape().dimensions().getFirst());
    long rows = spec.shape().dimensions().get(1);
    var panels = new Panels[experts];
    boolean whole = weight.parts().size() == 1 && weight.parts().getFirst().shape().rows() > rows;
    for (int expert = 0; expert < experts; expert++) {
      TensorEntry entry = weight.parts().get(whole ? 0 : expert);
      panels[expert] = rows(entry, whole ? expert * rows : 0, rows, spec, dequantize);
    }
    return panels;
  }

  /// A vector as F32, if the file has it.
  Optional<MemorySegment> findVector(WeightSpec spec) throws IOException {
    Optional<Weight> weight = weights.find(spec);
    return weight.isEmpty() ? Optional.empty() : Optional.of(vector(spec));
  }

  /// A vector as F32.
  MemorySegment vector(WeightSpec spec) throws IOException {
    TensorEntry entry = weights.get(spec).parts().getFirst();
    int size = Math.toIntExact(spec.shape().columns());
    MemorySegment raw = buffer(0, entry.bytes()).asSlice(0, entry.bytes());
    file.read(entry, 0, raw);
    // Padded, so that vectors may be read in whole steps.
    MemorySegment target = region.allocate(Math.ceilDiv(size, 16) * 64L);
    for (int i = 0; i < size; i++) {
      float value = element(entry.type(), raw, spec.rowOrder().rowInFile(i));
      target.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    report(entry.bytes());
    return target;
  }

  private static float element(DType type, MemorySegment raw, int index) {
    return switch (type) {
      case F32 -> raw.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * 4L);
      case F16 -> Float.float16ToFloat(raw.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2L));
      case BF16 ->
          Float.intBitsToFloat(raw.get(ValueLayout.JAVA_SHORT_UNALIGNED, index * 2L) << 16);
      default -> throw new IllegalArgumentException("a vector is not stored as " + type);
    };
  }

  /// Packs `rows` rows of a tensor, from its row `first` on.
  private Panels rows(TensorEntry entry, long first, long rows, WeightSpec spec, boolean asFloats)
      throws IOException {
    int count = Math.toIntExact(rows);
    int size = Math.toIntExact(spec.shape().columns());
    boolean convert = asFloats && entry.type() != DType.F32;
    var target = new Panels(region, convert ? DType.F32 : entry.type(), count, size);
    long rowBytes = entry.type().rowBytes(size);
    RowOrder order = spec.rowOrder();
    int step = chunkRows(rowBytes, order);
    try {
      crew.workers()
          .run(
              Math.ceilDiv(count, step),
              (chunk, worker) -> {
                int from = chunk * step;
                int chunkRows = Math.min(step, count - from);
                MemorySegment buffer = buffer(worker, 2 * step * rowBytes);
                MemorySegment raw = buffer.asSlice(0, chunkRows * rowBytes);
                read(entry, (first + from) * rowBytes, raw);
                if (!order.isAsStored()) {
                  raw = reordered(raw, buffer.asSlice(step * rowBytes), from, order, rowBytes);
                }
                if (convert) {
                  convert(raw, entry.type(), target, from, chunkRows);
                } else {
                  crew.kernels().matrix().pack(raw, target, from, chunkRows);
                }
              });
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
    report(rows * rowBytes);
    return target;
  }

  /// Rows of a chunk: whole panels, and whole heads where rows move within them.
  private static int chunkRows(long rowBytes, RowOrder order) {
    int unit = PanelLayout.ROWS;
    if (!order.isAsStored()) {
      while (unit % order.headSize() != 0) {
        unit += PanelLayout.ROWS;
      }
    }
    return (int) Math.max(1, STAGING_BYTES / (unit * rowBytes)) * unit;
  }

  private static MemorySegment reordered(
      MemorySegment raw, MemorySegment target, int from, RowOrder order, long rowBytes) {
    long rows = raw.byteSize() / rowBytes;
    for (int row = 0; row < rows; row++) {
      long stored = order.rowInFile(from + row) - from;
      MemorySegment.copy(raw, stored * rowBytes, target, row * rowBytes, rowBytes);
    }
    return target.asSlice(0, raw.byteSize());
  }

  private static void convert(MemorySegment raw, DType type, Panels target, int from, int rows) {
    int size = target.size();
    try (var temporary = Region.open("dequantized rows", MemoryBudget.unlimited())) {
      var packed = new Panels(temporary, type, rows, size);
      PanelPacker.pack(raw, packed, 0, rows);
      MemorySegment floats = temporary.allocate((long) rows * size * Float.BYTES);
      for (int row = 0; row < rows; row++) {
        PanelPacker.unpackRow(packed, row, floats, (long) row * size);
      }
      PanelPacker.pack(floats, target, from, rows);
    }
  }

  private void read(TensorEntry entry, long offset, MemorySegment target) {
    try {
      file.read(entry, offset, target);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private MemorySegment buffer(int worker, long bytes) {
    if (buffers[worker] == null || buffers[worker].byteSize() < bytes) {
      buffers[worker] = staging.allocate(Math.max(bytes, 2 * STAGING_BYTES));
    }
    return buffers[worker];
  }

  private void report(long more) {
    bytesLoaded += more;
    progress.accept(Math.min(1, (double) bytesLoaded / Math.max(1, bytes)));
  }

  /// Frees the staging buffers; the weights stay.
  @Override
  public void close() {
    staging.close();
  }
}
