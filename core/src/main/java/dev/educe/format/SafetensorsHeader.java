package dev.educe.format;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// The directory of a safetensors file, validated as a whole.
///
/// | bytes | field                                                                           |
/// |-------|---------------------------------------------------------------------------------|
/// | 8     | length of the next, little endian                                               |
/// | …     | a JSON object: for each tensor's name `dtype`, `shape` (outermost first) and    |
/// |       | `data_offsets` (first byte and the one behind the last, from the data's start); |
/// |       | perhaps `__metadata__`, an object of strings                                    |
/// | …     | the data, of which every byte belongs to one tensor                             |
///
/// Source: huggingface/safetensors, `README.md`, "Format".
final class SafetensorsHeader {
  /// The largest known have a few megabytes.
  static final int BYTES_MAX = 1 << 25;

  private static final int LENGTH_BYTES = 8;
  private static final int TENSORS_MAX = GgufRules.TENSORS_MAX;
  private static final int NAME_BYTES_MAX = 1_000;
  private static final int DEPTH_MAX = 4;
  private static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNameLength(BYTES_MAX)
                  .maxStringLength(BYTES_MAX)
                  .maxNumberLength(20)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final ByteSource source;
  private final JsonParser json;
  private String subject = "the header";

  private SafetensorsHeader(ByteSource source, JsonParser json) {
    this.source = source;
    this.json = json;
  }

  /// The tensors, in the order of their bytes, with offsets from the start of the file.
  ///
  /// @throws ModelFormatException if this is not a valid safetensors file, or a tensor is of a type
  ///   other than F32, F16 and BF16
  static List<TensorEntry> read(ByteSource source) throws IOException {
    byte[] header = header(source);
    try (var json = JSON.createParser(ObjectReadContext.empty(), header)) {
      long dataStart = (long) LENGTH_BYTES + header.length;
      return new SafetensorsHeader(source, json).tensors(dataStart);
    } catch (JacksonException e) {
      throw new ModelFormatException(
          "%s: the header is not the JSON it must be: %s"
              .formatted(source.name(), e.getOriginalMessage()));
    }
  }

  private static byte[] header(ByteSource source) throws IOException {
    if (source.length() < LENGTH_BYTES) {
      throw bad(
          source.name() + ": the file",
          "has %,d bytes; a safetensors file has a header's length first",
          source.length());
    }
    var start = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    source.read(start, 0);
    long length = start.flip().getLong();
    if (length < 2 || length > BYTES_MAX) {
      throw bad(
          source.name() + ": the file",
          "has a header of %s bytes; it must have 2 to %,d",
          Long.toUnsignedString(length),
          BYTES_MAX);
    }
    if (length > source.length() - LENGTH_BYTES) {
      throw bad(
          source.name() + ": the file",
          "has a header of %,d bytes, but only %,d are left: the file is not complete",
          length,
          source.length() - LENGTH_BYTES);
    }
    var header = ByteBuffer.allocate((int) length);
    source.read(header, LENGTH_BYTES);
    if (header.get(0) != '{') {
      throw bad(source.name() + ": the file", "has a header that does not begin with '{'");
    }
    return header.array();
  }

  private List<TensorEntry> tensors(long dataStart) throws ModelFormatException {
    expect(JsonToken.START_OBJECT, "an object");
    var tensors = new ArrayList<TensorEntry>();
    while (next() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      if (name.equals(METADATA)) {
        subject = "'" + METADATA + "'";
        skipTexts();
        continue;
      }
      subject = "the tensor '" + ModelFormatException.excerpt(name) + "'";
      var problem = GgufRules.nameProblem(name, NAME_BYTES_MAX);
      if (problem.isPresent()) {
        throw error("has a name that %s", problem.get());
      }
      if (tensors.size() == TENSORS_MAX) {
        throw error("is one too many: at most %,d are read", TENSORS_MAX);
      }
      tensors.add(tensor(name));
    }
    subject = "the header";
    if (next() != null) {
      throw error("goes on behind its object");
    }
    return placed(tensors, dataStart);
  }

  private void skipTexts() throws ModelFormatException {
    expect(JsonToken.START_OBJECT, "an object of strings");
    while (next() == JsonToken.PROPERTY_NAME) {
      expect(JsonToken.VALUE_STRING, "an object of strings");
    }
  }

  private TensorEntry tensor(String name) throws ModelFormatException {
    expect(JsonToken.START_OBJECT, "an object");
    Optional<DType> type = Optional.empty();
    Optional<Shape> shape = Optional.empty();
    Optional<List<Long>> offsets = Optional.empty();
    while (next() == JsonToken.PROPERTY_NAME) {
      switch (json.currentName()) {
        case "dtype" -> type = Optional.of(type());
        case "shape" -> shape = Optional.of(shape());
        case "data_offsets" -> offsets = Optional.of(numbers("data_offsets", 2));
        default ->
            throw error(
                "has the unknown property '%s'", ModelFormatException.excerpt(json.currentName()));
      }
    }
    if (type.isEmpty() || shape.isEmpty() || offsets.isEmpty()) {
      throw error("must have dtype, shape and data_offsets");
    }
    if (offsets.get().size() != 2) {
      throw error("must have two data_offsets, found %d", offsets.get().size());
    }
    long bytes;
    try {
      bytes = Math.multiplyExact(shape.get().rows(), type.get().rowBytes(shape.get().columns()));
    } catch (ArithmeticException _) {
      throw error("overflows: its shape is %s", shape.get());
    }
    long begin = offsets.get().getFirst();
    long end = offsets.get().getLast();
    if (end < begin || end - begin != bytes) {
      throw error(
          "has the bytes %,d to %,d, but %s of %s takes %,d",
          begin, end, shape.get(), type.get(), bytes);
    }
    return new TensorEntry(name, type.get(), shape.get(), begin, bytes);
  }

  private DType type() throws ModelFormatException {
    expect(JsonToken.VALUE_STRING, "a string as its dtype");
    String name = json.getString();
    return Stream.of(DType.F32, DType.F16, DType.BF16)
        .filter(type -> type.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            error(
                "has the element type %s; F32, F16 and BF16 are read",
                ModelFormatException.excerpt(name)));
  }

  private Shape shape() throws ModelFormatException {
    List<Long> dimensions = numbers("shape", Shape.DIMENSIONS_MAX);
    if (dimensions.isEmpty() || dimensions.contains(0L)) {
      throw error("has the shape %s; there must be 1 to 4 positive dimensions", dimensions);
    }
    return new Shape(dimensions);
  }

  private List<Long> numbers(String property, int countMax) throws ModelFormatException {
    expect(JsonToken.START_ARRAY, "an array as its " + property);
    var numbers = new ArrayList<Long>();
    while (next() != JsonToken.END_ARRAY) {
      boolean isWhole =
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      if (!isWhole || json.getLongValue() < 0) {
        throw error("must have integers from 0 to 2^63-1 as its %s", property);
      }
      if (numbers.size() == countMax) {
        throw error("has more than %d numbers as its %s", countMax, property);
      }
      numbers.add(json.getLongValue());
    }
    return numbers;
  }

  /// Every byte of the data must belong to one tensor.
  private List<TensorEntry> placed(List<TensorEntry> tensors, long dataStart)
      throws ModelFormatException {
    long next = 0;
    var placed = new ArrayList<TensorEntry>(tensors.size());
    for (var tensor :
        tensors.stream().sorted(Comparator.comparingLong(TensorEntry::offset)).toList()) {
      if (tensor.offset() != next) {
        subject = "the tensor '" + ModelFormatException.excerpt(tensor.name()) + "'";
        throw error(
            "begins at offset %,d of the data, expected %,d: tensors follow each other without"
                + " gaps",
            tensor.offset(), next);
      }
      next = tensor.offset() + tensor.bytes(); // its end in the header, so no overflow
      placed.add(
          new TensorEntry(
              tensor.name(),
              tensor.type(),
              tensor.shape(),
              dataStart + tensor.offset(),
              tensor.bytes()));
    }
    long dataBytes = source.length() - dataStart;
    if (next != dataBytes) {
      subject = "the data";
      throw error(
          "has %,d bytes, but the tensors take %,d%s",
          dataBytes, next, next > dataBytes ? ": the file is not complete" : "");
    }
    return List.copyOf(placed);
  }

  private JsonToken next() {
    return json.nextToken();
  }

  private void expect(JsonToken token, String wanted) throws ModelFormatException {
    if (next() != token) {
      throw error("must have %s", wanted);
    }
  }

  private ModelFormatException error(String problem, Object... values) {
    return bad(source.name() + ": " + subject, problem, values);
  }

  private static ModelFormatException bad(String start, String problem, Object... values) {
    return new ModelFormatException(start + " " + String.format(Locale.ROOT, problem, values));
  }
}
