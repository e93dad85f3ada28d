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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// Draws valid metadata and tensors of every kind.
final class RandomGguf {
  private final Random random;

  RandomGguf(Random random) {
    this.random = random;
  }

  /// A tensor and its bytes.
  record Filled(String name, DType type, Shape shape, byte[] bytes) {
    GgufWriter.Tensor tensor() {
      return new GgufWriter.Tensor(
          name, type, shape, target -> target.write(ByteBuffer.wrap(bytes)));
    }
  }

  Map<String, MetadataValue> metadata(int count) {
    var values = new LinkedHashMap<String, MetadataValue>();
    while (values.size() < count) {
      values.put("key." + text(1 + random.nextInt(20), 'z'), value());
    }
    return values;
  }

  /// One of each type, and arrays of each.
  Map<String, MetadataValue> oneOfEach() {
    var values = new LinkedHashMap<String, MetadataValue>();
    for (var type : IntType.values()) {
      values.put("one." + type, new Int(type, integer(type)));
      values.put("many." + type, ints(type, 3));
    }
    values.put("one.float32", new Number(false, random.nextFloat()));
    values.put("one.float64", new Number(true, random.nextGaussian()));
    values.put("one.bool", new Flag(random.nextBoolean()));
    values.put("one.string", new Text("text"));
    values.put("many.float32", numbers(false, 3));
    values.put("many.float64", numbers(true, 3));
    values.put("many.bool", new Flags(new boolean[] {true, false}));
    values.put("many.string", new Texts(List.of("", "a", "€")));
    values.put("many.array", new Nested(List.of(ints(IntType.UINT8, 2), new Texts(List.of("b")))));
    return values;
  }

  List<Filled> tensors(int count) {
    return IntStream.range(0, count).mapToObj(i -> tensor("blk." + i + ".weight")).toList();
  }

  private Filled tensor(String name) {
    var type = DType.values()[random.nextInt(DType.values().length)];
    var dimensions = new long[1 + random.nextInt(Shape.DIMENSIONS_MAX)];
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[i] = 1 + random.nextInt(4);
    }
    dimensions[dimensions.length - 1] *= type.blockSize();
    var shape = Shape.of(dimensions);
    var bytes = new byte[(int) (shape.rows() * type.rowBytes(shape.columns()))];
    random.nextBytes(bytes);
    return new Filled(name, type, shape, bytes);
  }

  private MetadataValue value() {
    var type = IntType.values()[random.nextInt(IntType.values().length)];
    return switch (random.nextInt(5)) {
      case 0 -> new Int(type, integer(type));
      case 1 -> new Number(random.nextBoolean(), random.nextFloat() * 1e30f);
      case 2 -> new Flag(random.nextBoolean());
      case 3 -> new Text(text(random.nextInt(60), '\ud7ff'));
      default -> array(1);
    };
  }

  private MetadataValue array(int depth) {
    var type = IntType.values()[random.nextInt(IntType.values().length)];
    int count = random.nextInt(20);
    return switch (random.nextInt(depth == GgufRules.ARRAY_DEPTH_MAX ? 4 : 5)) {
      case 0 -> ints(type, count);
      case 1 -> numbers(random.nextBoolean(), count);
      case 2 -> {
        var flags = new boolean[count];
        IntStream.range(0, count).forEach(i -> flags[i] = random.nextBoolean());
        yield new Flags(flags);
      }
      case 3 ->
          new Texts(
              IntStream.range(0, count).mapToObj(_ -> text(random.nextInt(9), '\ud7ff')).toList());
      default -> {
        var arrays = new ArrayList<MetadataValue>();
        IntStream.range(0, count % 4).forEach(_ -> arrays.add(array(depth + 1)));
        yield new Nested(arrays);
      }
    };
  }

  private Ints ints(IntType type, int count) {
    return new Ints(type, IntStream.range(0, count).mapToLong(_ -> integer(type)).toArray());
  }

  private Numbers numbers(boolean isDouble, int count) {
    return new Numbers(
        isDouble, IntStream.range(0, count).mapToDouble(_ -> random.nextFloat()).toArray());
  }

  private long integer(IntType type) {
    long bits = random.nextLong();
    return switch (type) {
      case UINT8 -> bits & 0xff;
      case INT8 -> (byte) bits;
      case UINT16 -> bits & 0xffff;
      case INT16 -> (short) bits;
      case UINT32 -> bits & 0xffff_ffffL;
      case INT32 -> (int) bits;
      case UINT64, INT64 -> bits;
    };
  }

  private String text(int length, char last) {
    var text = new StringBuilder();
    IntStream.range(0, length).forEach(_ -> text.append((char) random.nextInt('0', last + 1)));
    return text.toString();
  }
}
