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
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the keys and values of a GGUF file.
final class MetadataReader {
  private final GgufInput input;

  MetadataReader(GgufInput input) {
    this.input = input;
  }

  /// @param count a number of keys that the bytes left can hold
  Map<String, MetadataValue> read(int count) throws IOException {
    var values = new LinkedHashMap<String, MetadataValue>();
    for (int i = 0; i < count; i++) {
      input.subject("the key " + (i + 1) + " of " + count);
      String key = input.readName();
      var problem = GgufRules.nameProblem(key, GgufRules.KEY_BYTES_MAX);
      if (problem.isPresent()) {
        throw input.error("has a name that %s", problem.get());
      }
      input.subject("the key '" + key + "'");
      if (values.putIfAbsent(key, readValue(readType(), 0)) != null) {
        throw input.error("is there twice");
      }
    }
    return values;
  }

  private ValueType readType() throws IOException {
    int number = input.readInt();
    if (number < 0 || number >= ValueType.BY_NUMBER.length) {
      throw input.error(
          "has the value type %s; there are 0 to %d",
          Integer.toUnsignedString(number), ValueType.BY_NUMBER.length - 1);
    }
    return ValueType.BY_NUMBER[number];
  }

  private MetadataValue readValue(ValueType type, int depth) throws IOException {
    return switch (type) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
          new Int(type.integer(), readInteger(type.integer()));
      case FLOAT32, FLOAT64 -> new Number(type == ValueType.FLOAT64, readNumber(type));
      case BOOL -> new Flag(readFlag());
      case STRING -> new Text(input.readString());
      case ARRAY -> readArray(depth + 1);
    };
  }

  private MetadataValue readArray(int depth) throws IOException {
    if (depth > GgufRules.ARRAY_DEPTH_MAX) {
      throw input.error("nests arrays deeper than %d", GgufRules.ARRAY_DEPTH_MAX);
    }
    ValueType type = readType();
    int count = readCount(type);
    return switch (type) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> {
        var integer = type.integer();
        var values = new long[count];
        for (int i = 0; i < count; i++) {
          values[i] = readInteger(integer);
        }
        yield new Ints(integer, values);
      }
      case FLOAT32, FLOAT64 -> {
        var values = new double[count];
        for (int i = 0; i < count; i++) {
          values[i] = readNumber(type);
        }
        yield new Numbers(type == ValueType.FLOAT64, values);
      }
      case BOOL -> {
        var values = new boolean[count];
        for (int i = 0; i < count; i++) {
          values[i] = readFlag();
        }
        yield new Flags(values);
      }
      case STRING -> {
        var values = new String[count];
        for (int i = 0; i < count; i++) {
          values[i] = input.readString();
        }
        yield new Texts(List.of(values));
      }
      case ARRAY -> {
        var values = new ArrayList<MetadataValue>(count);
        for (int i = 0; i < count; i++) {
          values.add(readArray(depth + 1));
        }
        yield new Nested(values);
      }
    };
  }

  private int readCount(ValueType type) throws IOException {
    long count = input.readLong();
    if (count < 0 || count > input.remaining() / type.bytesMin) {
      throw input.error(
          "holds an array of %s elements of type %s, but only %,d bytes are left",
          Long.toUnsignedString(count), type, input.remaining());
    }
    if (count > GgufRules.ARRAY_ELEMENTS_MAX) {
      throw input.error(
          "holds an array of %,d elements; at most %,d are read",
          count, GgufRules.ARRAY_ELEMENTS_MAX);
    }
    return (int) count;
  }

  private long readInteger(IntType type) throws IOException {
    return switch (type) {
      case UINT8 -> input.readByte() & 0xff;
      case INT8 -> input.readByte();
      case UINT16 -> input.readShort() & 0xffff;
      case INT16 -> input.readShort();
      case UINT32 -> input.readInt() & 0xffff_ffffL;
      case INT32 -> input.readInt();
      case UINT64, INT64 -> input.readLong();
    };
  }

  private double readNumber(ValueType type) throws IOException {
    return type == ValueType.FLOAT64
        ? Double.longBitsToDouble(input.readLong())
        : Float.intBitsToFloat(input.readInt());
  }

  private boolean readFlag() throws IOException {
    int value = input.readByte();
    if (value != 0 && value != 1) {
      throw input.error("holds the bool %d; it must be 0 or 1", value & 0xff);
    }
    return value == 1;
  }
}
