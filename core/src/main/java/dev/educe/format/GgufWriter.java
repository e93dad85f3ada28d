package dev.educe.format;

import dev.educe.format.MetadataValue.Flag;
import dev.educe.format.MetadataValue.Flags;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Nested;
import dev.educe.format.MetadataValue.Number;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.MetadataValue.Texts;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// Writes GGUF v3 files: metadata in the given order, then tensors, streamed one at a time.
///
/// Tensors begin at multiples of `general.alignment` where the metadata has it, of 32 otherwise.
public final class GgufWriter {
  private GgufWriter() {}

  /// A tensor to be written.
  ///
  /// @param shape outermost dimension first
  /// @param content writes exactly the tensor's bytes
  public record Tensor(String name, DType type, Shape shape, Content content) {
    private long bytes() {
      return Math.multiplyExact(shape.rows(), type.rowBytes(shape.columns()));
    }
  }

  /// Writes a tensor's bytes, in the file's layout.
  @FunctionalInterface
  public interface Content {
    void writeTo(WritableByteChannel target) throws IOException;
  }

  /// Writes a whole file beside `path` and then moves it there, so that no half file is ever seen.
  ///
  /// @throws java.nio.file.FileSystemException if writing fails: where the disk is full, for
  ///   instance
  /// @throws IOException if a tensor's content throws it
  /// @throws IllegalArgumentException if a tensor's content has not the size that its shape says,
  ///   or a name, the alignment or a string is not one that a GGUF file may hold
  public static void write(Path path, Map<String, MetadataValue> metadata, List<Tensor> tensors)
      throws IOException {
    int alignment = alignment(metadata);
    checkNames(metadata, tensors);
    Path part =
        path.resolveSibling(
            ".%s.%08x.part".formatted(path.getFileName(), ThreadLocalRandom.current().nextInt()));
    try {
      try (var channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        var output = new GgufOutput(path, channel);
        writeHeader(output, metadata, tensors, alignment);
        for (var tensor : tensors) {
          var window = new Window(output, tensor);
          tensor.content().writeTo(window);
          window.close();
          output.pad(alignment);
        }
        output.flush();
        // Else a power failure could leave the name without the bytes.
        channel.force(false);
      }
      Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static int alignment(Map<String, MetadataValue> metadata) {
    var value = metadata.get(GgufRules.ALIGNMENT_KEY);
    if (value == null) {
      return GgufRules.ALIGNMENT_DEFAULT;
    }
    if (!(value instanceof Int(var type, var alignment))
        || type != IntType.UINT32
        || !GgufRules.isAlignment(alignment)) {
      throw new IllegalArgumentException(
          "'%s' must be a uint32, a power of two from %d to %d, got %s"
              .formatted(
                  GgufRules.ALIGNMENT_KEY,
                  GgufRules.ALIGNMENT_MIN,
                  GgufRules.ALIGNMENT_MAX,
                  value.describe()));
    }
    return (int) alignment;
  }

  private static void checkNames(Map<String, MetadataValue> metadata, List<Tensor> tensors) {
    for (String key : metadata.keySet()) {
      checkName("key", key, GgufRules.KEY_BYTES_MAX);
    }
    var names = new HashSet<String>();
    for (var tensor : tensors) {
      checkName("tensor name", tensor.name(), GgufRules.TENSOR_NAME_BYTES_MAX);
      if (!names.add(tensor.name())) {
        throw new IllegalArgumentException("two tensors have the name '" + tensor.name() + "'");
      }
    }
  }

  private static void checkName(String kind, String name, int bytesMax) {
    GgufRules.nameProblem(name, bytesMax)
        .ifPresent(problem -> {
          throw new IllegalArgumentException("the %s '%s' %s".formatted(kind, name, problem));
        });
  }

  private static void writeHeader(
      GgufOutput output, Map<String, MetadataValue> metadata, List<Tensor> tensors, int alignment)
      throws IOException {
    output.writeInt(GgufRules.MAGIC);
    output.writeInt(3);
    output.writeLong(tensors.size());
    output.writeLong(metadata.size());
    for (var entry : metadata.entrySet()) {
      output.writeString(entry.getKey());
      output.writeInt(typeOf(entry.getValue()).ordinal());
      writeValue(output, entry.getValue());
    }
    long offset = 0;
    for (var tensor : tensors) {
      output.writeString(tensor.name());
      var dimensions = tensor.shape().dimensions().reversed();
      output.writeInt(dimensions.size());
      for (long dimension : dimensions) {
        output.writeLong(dimension);
      }
      output.writeInt(tensor.type().id());
      output.writeLong(offset);
      offset = GgufRules.align(Math.addExact(offset, tensor.bytes()), alignment);
    }
    output.pad(alignment);
  }

  private static ValueType typeOf(MetadataValue value) {
    return switch (value) {
      case Int(var type, var _) -> ValueType.of(type);
      case Number(var isDouble, var _) -> isDouble ? ValueType.FLOAT64 : ValueType.FLOAT32;
      case Flag _ -> ValueType.BOOL;
      case Text _ -> ValueType.STRING;
      case Ints _, Numbers _, Flags _, Texts _, Nested _ -> ValueType.ARRAY;
    };
  }

  private static void writeValue(GgufOutput output, MetadataValue value) throws IOException {
    switch (value) {
      case Int(var type, var number) -> writeInteger(output, type, number);
      case Number(var isDouble, var number) -> writeNumber(output, isDouble, number);
      case Flag(var flag) -> output.writeByte(flag ? 1 : 0);
      case Text(var text) -> output.writeString(text);
      case Ints(var type, var numbers) -> {
        startArray(output, ValueType.of(type), numbers.length);
        for (long number : numbers) {
          writeInteger(output, type, number);
        }
      }
      case Numbers(var isDouble, var numbers) -> {
        startArray(output, isDouble ? ValueType.FLOAT64 : ValueType.FLOAT32, numbers.length);
        for (double number : numbers) {
          writeNumber(output, isDouble, number);
        }
      }
      case Flags(var flags) -> {
        startArray(output, ValueType.BOOL, flags.length);
        for (boolean flag : flags) {
          output.writeByte(flag ? 1 : 0);
        }
      }
      case Texts(var texts) -> {
        startArray(output, ValueType.STRING, texts.size());
        for (String text : texts) {
          output.writeString(text);
        }
      }
      case Nested(var arrays) -> {
        startArray(output, ValueType.ARRAY, arrays.size());
        for (var array : arrays) {
          writeValue(output, array);
        }
      }
    }
  }

  private static void startArray(GgufOutput output, ValueType elements, int count)
      throws IOException {
    output.writeInt(elements.ordinal());
    output.writeLong(count);
  }

  private static void writeInteger(GgufOutput output, IntType type, long value) throws IOException {
    switch (type) {
      case UINT8, INT8 -> output.writeByte((int) value);
      case UINT16, INT16 -> output.writeShort((int) value);
      case UINT32, INT32 -> output.writeInt((int) value);
      case UINT64, INT64 -> output.writeLong(value);
    }
  }

  private static void writeNumber(GgufOutput output, boolean isDouble, double value)
      throws IOException {
    if (isDouble) {
      output.writeLong(Double.doubleToRawLongBits(value));
    } else {
      output.writeInt(Float.floatToRawIntBits((float) value));
    }
  }

  /// The part of the file that belongs to one tensor: refuses a byte more or less.
  private static final class Window implements WritableByteChannel {
    private final GgufOutput output;
    private final Tensor tensor;
    private long rest;
    private boolean open = true;

    Window(GgufOutput output, Tensor tensor) {
      this.output = output;
      this.tensor = tensor;
      this.rest = tensor.bytes();
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      int count = bytes.remaining();
      if (count > rest) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the tensor '%s' has %,d bytes, but more were written",
                tensor.name(),
                tensor.bytes()));
      }
      rest -= count;
      output.write(bytes);
      return count;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
      if (rest > 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the tensor '%s' has %,d bytes, but only %,d were written",
                tensor.name(),
                tensor.bytes(),
                tensor.bytes() - rest));
      }
    }
  }
}
