package dev.educe.optimize.quantize;

import dev.educe.format.Gguf;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.platform.Workers;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
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

  private final Gguf file;
  private final TensorEntry tensor;
  private final DType type;
  private final Optional<ColumnWeights> importance;
  private final int columns;
  private final long partRows;
  private final int pieceRows;
  private final long partPieces;

  TensorConversion(Gguf file, TensorEntry tensor, DType type, Optional<ColumnWeights> importance) {
    this.file = file;
    this.tensor = tensor;
    this.type = type;
    this.importance = importance;
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
    long pieces = Math.multiplyExact(ColumnWeights.parts(tensor), partPieces);
    int some = PIECES_PER_THREAD * workers.threads();
    var encoded = new byte[some][];
    for (long first = 0; first < pieces; first += some) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException();
      }
      long from = first;
      int count = (int) Math.min(some, pieces - first);
      try {
        workers.run(count, (piece, _) -> encoded[piece] = piece(from + piece));
      } catch (UncheckedIOException failed) {
        throw failed.getCause();
      }
      for (int piece = 0; piece < count; piece++) {
        target.write(ByteBuffer.wrap(encoded[piece]));
        progress.accept(encoded[piece].length / type.rowBytes(columns) * columns);
      }
    }
  }

  private byte[] piece(long piece) {
    long part = piece / partPieces;
    long row = piece % partPieces * pieceRows;
    int rows = (int) Math.min(pieceRows, partRows - row);
    var floats = new float[rows * columns];
    long first = part * partRows + row;
    try {
      new RowReader(file, tensor).read(first, rows, floats);
      check(floats, first);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var encoder = encoder((int) part);
    var bytes = new byte[rows * encoder.rowBytes()];
    encoder.encode(floats, rows, bytes);
    return bytes;
  }

  private RowEncoder encoder(int part) {
    return importance.isPresent()
        ? RowEncoder.of(type, importance.get().ofPart(part))
        : RowEncoder.of(type, columns);
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
