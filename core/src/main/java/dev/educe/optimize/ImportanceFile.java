package dev.educe.optimize;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.optimize.ImportanceMatrix.Entry;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Importance matrices in llama.cpp's formats.
///
/// A GGUF file has, for each tensor `T` of the model:
///
/// | tensor      | type | shape                |                                    |
/// |-------------|------|----------------------|------------------------------------|
/// | `T.in_sum2` | F32  | `[experts, columns]` | sums of the inputs' squares        |
/// | `T.counts`  | F32  | `[experts, 1]`       | how many inputs there were         |
///
/// and the keys `general.type` (`imatrix`), `imatrix.datasets`, `imatrix.chunk_count` and
/// `imatrix.chunk_size`. The older format is a row of entries (name, calls, values, all with their
/// lengths in 4 bytes), each value a mean times the calls, and then the calls in all and the text's
/// name. A call was a chunk, whose length the file does not tell.
///
/// Source: llama.cpp `tools/imatrix/imatrix.cpp`.
final class ImportanceFile {
  private static final String SQUARES = ".in_sum2";
  private static final String COUNTS = ".counts";
  private static final String DATASETS = "imatrix.datasets";
  private static final String CHUNK_COUNT = "imatrix.chunk_count";
  private static final String CHUNK_SIZE = "imatrix.chunk_size";

  // Far above any model's; a file of the older format is read whole.
  private static final long OLD_BYTES_MAX = 1L << 30;
  private static final int OLD_CHUNK_TOKENS = 512;

  private ImportanceFile() {}

  static void write(ImportanceMatrix matrix, Path file) throws IOException {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    metadata.put("general.type", new MetadataValue.Text("imatrix"));
    metadata.put(DATASETS, new MetadataValue.Texts(matrix.datasets()));
    metadata.put(CHUNK_COUNT, integer(matrix.chunks()));
    metadata.put(CHUNK_SIZE, integer(matrix.chunkTokens()));
    var tensors = new ArrayList<GgufWriter.Tensor>();
    new TreeMap<>(matrix.entries())
        .forEach((name, entry) -> {
          tensors.add(tensor(name + SQUARES, entry.columns(), floats(entry.squares())));
          var counts = new float[entry.counts().length];
          for (int expert = 0; expert < counts.length; expert++) {
            counts[expert] = entry.counts()[expert];
          }
          tensors.add(tensor(name + COUNTS, 1, counts));
        });
    GgufWriter.write(file, metadata, tensors);
  }

  private static MetadataValue integer(int value) {
    return new MetadataValue.Int(MetadataValue.IntType.UINT32, value);
  }

  private static float[] floats(double[] values) {
    var floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static GgufWriter.Tensor tensor(String name, int columns, float[] values) {
    return new GgufWriter.Tensor(
        name,
        DType.F32,
        Shape.of(values.length / columns, columns),
        target -> {
          var bytes =
              ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          target.write(bytes);
        });
  }

  static ImportanceMatrix read(Path file) throws IOException {
    return isGguf(file) ? readGguf(file) : readOld(file);
  }

  private static boolean isGguf(Path file) throws IOException {
    try (var input = Files.newInputStream(file)) {
      return new String(input.readNBytes(4), StandardCharsets.ISO_8859_1).equals("GGUF");
    }
  }

  private static ImportanceMatrix readGguf(Path path) throws IOException {
    try (var file = Gguf.open(path)) {
      var metadata = file.metadata();
      var entries = new LinkedHashMap<String, Entry>();
      for (TensorEntry squares : file.tensors()) {
        if (squares.name().endsWith(SQUARES)) {
          String name = squares.name().substring(0, squares.name().length() - SQUARES.length());
          entries.put(name, entry(file, name, squares));
        }
      }
      if (entries.isEmpty()) {
        throw new ModelFormatException(
            path + ": holds no importance matrix: no tensor's name ends with " + SQUARES);
      }
      return new ImportanceMatrix(
          entries,
          metadata.findStrings(DATASETS).orElse(List.of()),
          count(metadata, CHUNK_COUNT, 0),
          count(metadata, CHUNK_SIZE, OLD_CHUNK_TOKENS));
    }
  }

  private static int count(Metadata metadata, String key, int otherwise)
      throws ModelFormatException {
    return Math.clamp(metadata.findInteger(key).orElse(otherwise), 0, Integer.MAX_VALUE);
  }

  private static Entry entry(Gguf file, String name, TensorEntry squares) throws IOException {
    var counts =
        file.tensor(name + COUNTS)
            .orElseThrow(() ->
                new ModelFormatException(
                    "%s: %s is there, but %s is missing"
                        .formatted(file.path(), squares.name(), name + COUNTS)));
    float[] sums = floats(file, squares);
    float[] numbers = floats(file, counts);
    if (sums.length % numbers.length != 0) {
      throw new ModelFormatException(
          "%s: %s is %s, which its %,d counts do not divide"
              .formatted(file.path(), squares.name(), squares.shape(), numbers.length));
    }
    var values = new double[sums.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = checked(file.path(), name, sums[i]);
    }
    var rows = new long[numbers.length];
    for (int expert = 0; expert < rows.length; expert++) {
      rows[expert] = Math.round((double) checked(file.path(), name, numbers[expert]));
    }
    return new Entry(values, rows);
  }

  private static float[] floats(Gguf file, TensorEntry tensor) throws IOException {
    if (tensor.type() != DType.F32 || tensor.shape().elements() > Integer.MAX_VALUE / Float.BYTES) {
      throw new ModelFormatException(
          "%s: %s is %s %s, wanted F32 of less than 2 GB"
              .formatted(file.path(), tensor.name(), tensor.type(), tensor.shape()));
    }
    var values = new float[(int) tensor.shape().elements()];
    file.read(tensor, 0, MemorySegment.ofArray(values));
    return values;
  }

  private static float checked(Path file, String name, float value) throws ModelFormatException {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new ModelFormatException(
          "%s: a value of %s is %s; sums of squares are finite and not negative"
              .formatted(file, name, value));
    }
    return value;
  }

  private static ImportanceMatrix readOld(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > OLD_BYTES_MAX) {
      throw new ModelFormatException(
          "%s: is no importance matrix: it has %,d bytes and no GGUF header"
              .formatted(file, bytes));
    }
    var input = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    var entries = new LinkedHashMap<String, Entry>();
    int count = length(file, input, 12);
    if (count == 0) {
      throw damaged(file, input);
    }
    for (int i = 0; i < count; i++) {
      readOldEntry(file, input, entries);
    }
    // What follows came later and may be missing.
    int chunks = input.remaining() >= Integer.BYTES ? Math.max(0, input.getInt()) : 0;
    var datasets =
        input.remaining() >= Integer.BYTES ? List.of(text(file, input)) : List.<String>of();
    return new ImportanceMatrix(entries, datasets, chunks, OLD_CHUNK_TOKENS);
  }

  private static void readOldEntry(Path file, ByteBuffer input, Map<String, Entry> entries)
      throws ModelFormatException {
    String name = text(file, input);
    int calls = Math.max(1, length(file, input, 0));
    var squares = new double[length(file, input, Float.BYTES)];
    if (squares.length == 0) {
      throw damaged(file, input);
    }
    for (int column = 0; column < squares.length; column++) {
      squares[column] = (double) checked(file, name, input.getFloat()) * OLD_CHUNK_TOKENS;
    }
    entries.put(name, new Entry(squares, new long[] {(long) calls * OLD_CHUNK_TOKENS}));
  }

  private static String text(Path file, ByteBuffer input) throws ModelFormatException {
    var bytes = new byte[length(file, input, 1)];
    input.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /// A number of things, each of which takes at least so many of the bytes that follow.
  private static int length(Path file, ByteBuffer input, int bytesMin) throws ModelFormatException {
    if (input.remaining() < Integer.BYTES) {
      throw damaged(file, input);
    }
    int length = input.getInt();
    if (length < 0 || (long) length * bytesMin > input.remaining()) {
      throw damaged(file, input);
    }
    return length;
  }

  private static ModelFormatException damaged(Path file, ByteBuffer input) {
    return new ModelFormatException(
        "%s: is no importance matrix, or not a whole one (at offset %,d)"
            .formatted(file, input.position()));
  }
}
