package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.platform.Workers;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;

/// Turns a tensor of a file into another format, some rows at a time, in parallel.
final class TensorConversion {
  // Weights of a piece: some milliseconds of work, and a megabyte of floats.
  private static final int PIECE_WEIGHTS = 1 << 18;

  // So that a thread which is held up does not hold up the others.
  private static final int PIECES_PER_THREAD = 8;

  private static final float HALF_MAX = 65_504;

  private final Checkpoint file;
  private final TensorEntry tensor;
  private final DType type;
  private final Optional<ColumnWeights> importance;
  private final Optional<SecondMoments> moments;
  private final int columns;
  private final long partRows;
  private final int pieceRows;
  private final long partPieces;

  TensorConversion(
      Checkpoint file,
      TensorEntry tensor,
      DType type,
      Optional<ColumnWeights> importance,
      Optional<SecondMoments> moments) {
    this.file = file;
    this.tensor = tensor;
    this.type = type;
    this.importance = importance;
    this.moments = type.isQuantized() ? moments : Optional.empty();
    columns = Math.toIntExact(tensor.shape().columns());
    partRows = ColumnWeights.rowsOfPart(tensor);
    pieceRows = (int) Math.clamp(PIECE_WEIGHTS / columns, 1, partRows);
    partPieces = Math.ceilDiv(partRows, pieceRows);
  }

  /// Writes the whole tensor.
  ///
  /// @param progress is told how many more weights are done
  /// @throws CancellationException if this thread is interrupted
  /// @throws ModelFormatException if a weight cannot be kept in the format
  /// @throws IOException if reading or writing fails
  void write(WritableByteChannel target, Workers workers, LongConsumer progress)
      throws IOException {
    for (int part = 0; part < ColumnWeights.parts(tensor); part++) {
      try {
        writePart(part, target, workers, progress);
      } catch (UncheckedIOException failed) {
        throw failed.getCause();
      }
    }
  }

  private void writePart(
      int part, WritableByteChannel target, Workers workers, LongConsumer progress)
      throws IOException {
    var feedback = feedback(part, workers);
    int some = PIECES_PER_THREAD * workers.threads();
    var encoded = new byte[some][];
    for (long first = 0; first < partPieces; first += some) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException();
      }
      long from = first;
      int count = (int) Math.min(some, partPieces - first);
      workers.run(count, (piece, _) -> encoded[piece] = piece(part, from + piece, feedback));
      for (int piece = 0; piece < count; piece++) {
        target.write(ByteBuffer.wrap(encoded[piece]));
        progress.accept(encoded[piece].length / type.rowBytes(columns) * columns);
      }
    }
  }

  /// How columns make up for each other; empty if nothing is known of the tensor.
  private List<Feedback> feedback(int part, Workers workers) {
    if (moments.isEmpty() || moments.get().of(tensor.name(), part, 0).isEmpty()) {
      return List.of();
    }
    var segments = new Feedback[Math.ceilDiv(columns, SecondMoments.SEGMENT)];
    workers.run(
        segments.length,
        (segment, _) -> {
          int from = segment * SecondMoments.SEGMENT;
          segments[segment] =
              moments
                  .get()
                  .of(tensor.name(), part, segment)
                  .flatMap(Feedback::of)
                  .orElseGet(() -> Feedback.none(Math.min(SecondMoments.SEGMENT, columns - from)));
        });
    return List.of(segments);
  }

  private byte[] piece(int part, long piece, List<Feedback> feedback) {
    long row = piece * pieceRows;
    int rows = (int) Math.min(pieceRows, partRows - row);
    var floats = new float[rows * columns];
    long first = part * partRows + row;
    try {
      new RowReader(file, tensor).read(first, rows, floats);
      check(floats, first);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var bytes = new byte[Math.toIntExact(rows * type.rowBytes(columns))];
    if (!feedback.isEmpty()) {
      new FeedbackEncoder(type, feedback).encode(floats, rows, bytes);
    } else if (importance.isPresent()) {
      RowEncoder.of(type, importance.get().ofPart(part)).encode(floats, rows, bytes);
    } else {
      RowEncoder.of(type, columns).encode(floats, rows, bytes);
    }
    return bytes;
  }

  private void check(float[] floats, long first) throws ModelFormatException {
    boolean isWide = type == DType.F32 || type == DType.BF16 || type == DType.MXFP4;
    float most = isWide ? Float.MAX_VALUE : HALF_MAX;
    for (int i = 0; i < floats.length; i++) {
      if (!(Math.abs(floats[i]) <= most)) {
        throw new ModelFormatException(
            "%s: the tensor %s holds %s in row %,d, which %s cannot; %s"
                .formatted(
                    file.path(),
                    tensor.name(),
                    floats[i],
                    first + i / columns,
                    type,
                    Float.isFinite(floats[i])
                        ? "give it another format: --tensor '" + tensor.name() + "=bf16'"
                        : "the file is damaged, or its training went wrong"));
      }
    }
  }
}
