package dev.educe.format;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Reads the directory of tensors of a GGUF file and makes sure that each has its bytes.
final class TensorReader {
  /// Numbers of ggml's element types that it once had and has no more.
  private static final Set<Integer> RETIRED = Set.of(4, 5, 31, 32, 33, 36, 37, 38);

  private final GgufInput input;
  private final int alignment;

  TensorReader(GgufInput input, int alignment) {
    this.input = input;
    this.alignment = alignment;
  }

  /// @param count a number of tensors that the bytes left can hold
  List<TensorEntry> read(int count) throws IOException {
    var relative = new ArrayList<TensorEntry>(count);
    var names = new HashSet<String>();
    for (int i = 0; i < count; i++) {
      input.subject("the tensor " + (i + 1) + " of " + count);
      var entry = readEntry();
      if (!names.add(entry.name())) {
        throw input.error("is there twice");
      }
      relative.add(entry);
    }
    // Offsets count from here; where there are no tensors the file may end before.
    long dataStart = GgufRules.align(input.position(), alignment);
    long dataBytes = Math.max(0, input.position() + input.remaining() - dataStart);
    checkLayout(relative, dataBytes);
    return relative.stream().map(entry -> movedBy(dataStart, entry)).toList();
  }

  private TensorEntry readEntry() throws IOException {
    String name = input.readName();
    var problem = GgufRules.nameProblem(name, GgufRules.TENSOR_NAME_BYTES_MAX);
    if (problem.isPresent()) {
      throw input.error("has a name that %s", problem.get());
    }
    input.subject("the tensor '" + name + "'");
    long[] dimensions = readDimensions();
    DType type = readType();
    long columns = dimensions[dimensions.length - 1];
    if (columns % type.blockSize() != 0) {
      throw input.error(
          "has rows of %,d elements; %s needs a multiple of %d", columns, type, type.blockSize());
    }
    var shape = Shape.of(dimensions);
    long bytes;
    try {
      bytes = Math.multiplyExact(shape.rows(), type.rowBytes(columns));
    } catch (ArithmeticException _) {
      throw input.error("overflows: its shape is %s", shape);
    }
    long offset = input.readLong();
    if (offset < 0 || offset % alignment != 0) {
      throw input.error(
          "has the offset %s; it must be a multiple of %d",
          Long.toUnsignedString(offset), alignment);
    }
    return new TensorEntry(name, type, shape, offset, bytes);
  }

  /// The file has the innermost dimension first, we have it last.
  private long[] readDimensions() throws IOException {
    int count = input.readInt();
    if (count < 1 || count > Shape.DIMENSIONS_MAX) {
      throw input.error(
          "has %s dimensions; there must be 1 to %d",
          Integer.toUnsignedString(count), Shape.DIMENSIONS_MAX);
    }
    var dimensions = new long[count];
    for (int i = count - 1; i >= 0; i--) {
      dimensions[i] = input.readLong();
      if (dimensions[i] < 1) {
        throw input.error(
            "has a dimension of %s; it must be positive and fit 63 bits",
            Long.toUnsignedString(dimensions[i]));
      }
    }
    return dimensions;
  }

  private DType readType() throws IOException {
    int number = input.readInt();
    var type = DType.ofId(number);
    if (type.isEmpty()) {
      throw input.error(
          "has the element type %s, which is %s",
          Integer.toUnsignedString(number),
          RETIRED.contains(number) ? "retired; convert the model anew" : "not known here");
    }
    return type.get();
  }

  private void checkLayout(List<TensorEntry> tensors, long dataBytes) throws ModelFormatException {
    long next = 0;
    TensorEntry previous = null;
    for (var tensor : inOrderOfOffset(tensors)) {
      input.subject("the tensor '" + tensor.name() + "'");
      if (tensor.offset() > dataBytes - tensor.bytes()) {
        throw input.error(
            "has %,d bytes from offset %,d of the data on, but the data ends at %,d:"
                + " the file is not complete",
            tensor.bytes(), tensor.offset(), dataBytes);
      }
      if (tensor.offset() < next) {
        throw input.error(
            "overlaps the tensor '%s': it begins at offset %,d of the data, expected %,d",
            previous.name(), tensor.offset(), next);
      }
      if (tensor.offset() > next) {
        throw input.error(
            "begins at offset %,d of the data, expected %,d: only padding may lie between tensors",
            tensor.offset(), next);
      }
      next = GgufRules.align(tensor.offset() + tensor.bytes(), alignment);
      previous = tensor;
    }
  }

  private static List<TensorEntry> inOrderOfOffset(List<TensorEntry> tensors) {
    return tensors.stream().sorted(Comparator.comparingLong(TensorEntry::offset)).toList();
  }

  private static TensorEntry movedBy(long start, TensorEntry entry) {
    return new TensorEntry(
        entry.name(), entry.type(), entry.shape(), start + entry.offset(), entry.bytes());
  }
}
