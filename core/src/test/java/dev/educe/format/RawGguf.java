package dev.educe.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Writes a GGUF file by hand, field by field, so that any of them can be wrong.
final class RawGguf {
  static final int F32 = 0;
  static final int UINT32 = 4;
  static final int STRING = 8;
  static final int ARRAY = 9;

  private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
  private final List<Field> fields = new ArrayList<>();

  /// A number in the file: where it is and how many bytes it has.
  record Field(int offset, int bytes) {}

  /// The fixed part of a version 3 file.
  static RawGguf of(long tensors, long keys) {
    return new RawGguf().ascii("GGUF").u32(3).u64(tensors).u64(keys);
  }

  RawGguf ascii(String text) {
    return put(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  RawGguf put(byte... bytes) {
    room(bytes.length).put(bytes);
    return this;
  }

  RawGguf u8(int value) {
    field(1).put((byte) value);
    return this;
  }

  RawGguf u32(long value) {
    field(4).putInt((int) value);
    return this;
  }

  RawGguf u64(long value) {
    field(8).putLong(value);
    return this;
  }

  RawGguf string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return u64(bytes.length).put(bytes);
  }

  RawGguf key(String name, int type) {
    return string(name).u32(type);
  }

  RawGguf array(int type, long count) {
    return u32(type).u64(count);
  }

  /// @param dimensions innermost first, as the file has them
  RawGguf tensor(String name, int type, long offset, long... dimensions) {
    string(name).u32(dimensions.length);
    for (long dimension : dimensions) {
      u64(dimension);
    }
    return u32(type).u64(offset);
  }

  RawGguf pad(int alignment) {
    return zeros(-buffer.position() & (alignment - 1));
  }

  RawGguf zeros(int count) {
    return put(new byte[count]);
  }

  byte[] bytes() {
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  List<Field> fields() {
    return fields;
  }

  GgufHeader read() throws IOException {
    return GgufHeader.read(new MemorySource(bytes()));
  }

  private ByteBuffer field(int bytes) {
    fields.add(new Field(buffer.position(), bytes));
    return room(bytes);
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int capacity = Math.max(2 * buffer.capacity(), buffer.position() + bytes);
      buffer = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(buffer.flip());
    }
    return buffer;
  }
}
