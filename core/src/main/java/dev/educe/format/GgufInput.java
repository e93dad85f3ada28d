package dev.educe.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/// Reads a header's little-endian values one after the other, through a bounded buffer.
///
/// Every read first makes sure that the bytes are there; a length that a file claims is held
/// against the bytes that are left before anything is allocated for it.
final class GgufInput {
  private static final int BUFFER_BYTES = 1 << 16;

  private final ByteSource source;
  private final ByteBuffer buffer; // the bytes before its position have been read
  private long bufferEnd; // offset in the file of the buffer's limit
  private String subject = "the header";

  GgufInput(ByteSource source) {
    this.source = source;
    int bytes = (int) Math.min(BUFFER_BYTES, source.length());
    this.buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  }

  /// Names what is read from here on, for messages: "the key 'general.name'".
  void subject(String name) {
    subject = name;
  }

  /// Offset in the file of the next byte.
  long position() {
    return bufferEnd - buffer.remaining();
  }

  /// Bytes from here to the end of the file.
  long remaining() {
    return source.length() - position();
  }

  int readByte() throws IOException {
    return room(1).get();
  }

  int readShort() throws IOException {
    return room(2).getShort();
  }

  int readInt() throws IOException {
    return room(4).getInt();
  }

  long readLong() throws IOException {
    return room(8).getLong();
  }

  /// A string; bytes that are not UTF-8 become U+FFFD.
  String readString() throws IOException {
    int bytes = readLength();
    if (bytes > buffer.capacity()) {
      return new String(readBytes(bytes), StandardCharsets.UTF_8);
    }
    int start = room(bytes).position();
    buffer.position(start + bytes);
    return new String(buffer.array(), start, bytes, StandardCharsets.UTF_8);
  }

  /// A string that must be UTF-8.
  String readName() throws IOException {
    byte[] bytes = readBytes(readLength());
    String name = new String(bytes, StandardCharsets.UTF_8);
    if (!Arrays.equals(bytes, name.getBytes(StandardCharsets.UTF_8))) {
      throw error("has a name that is not UTF-8");
    }
    return name;
  }

  /// The file's first bytes; nothing may have been read before.
  byte[] peek(int bytesMax) throws IOException {
    int bytes = (int) Math.min(bytesMax, source.length());
    room(bytes);
    return Arrays.copyOf(buffer.array(), bytes);
  }

  /// An error about the present subject: file, subject, problem, offset.
  ModelFormatException error(String problem, Object... values) {
    return new ModelFormatException(
        String.format(
            Locale.ROOT,
            "%s: %s %s (at offset %,d)",
            source.name(),
            subject,
            String.format(Locale.ROOT, problem, values),
            position()));
  }

  private int readLength() throws IOException {
    long length = readLong();
    if (length < 0 || length > remaining()) {
      throw error(
          "holds a string of %s bytes, but only %,d are left",
          Long.toUnsignedString(length), remaining());
    }
    checkHeader(length);
    return (int) length;
  }

  private byte[] readBytes(int count) throws IOException {
    var content = new byte[count];
    int buffered = Math.min(count, buffer.remaining());
    buffer.get(content, 0, buffered);
    source.read(ByteBuffer.wrap(content, buffered, count - buffered), bufferEnd);
    bufferEnd += count - buffered;
    return content;
  }

  private ByteBuffer room(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      refill(bytes);
    }
    return buffer;
  }

  private void refill(int bytes) throws IOException {
    long missing = bytes - remaining();
    if (missing > 0) {
      throw error("needs %,d bytes, %,d more than the file has", bytes, missing);
    }
    checkHeader(bytes);
    int fresh = (int) Math.min(buffer.capacity() - buffer.remaining(), source.length() - bufferEnd);
    buffer.compact().limit(buffer.position() + fresh);
    source.read(buffer, bufferEnd);
    bufferEnd += fresh;
    buffer.flip();
  }

  private void checkHeader(long bytes) throws ModelFormatException {
    if (position() + bytes > GgufRules.HEADER_BYTES_MAX) {
      throw error("makes the header larger than %,d bytes", GgufRules.HEADER_BYTES_MAX);
    }
  }
}
