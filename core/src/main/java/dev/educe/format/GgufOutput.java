package dev.educe.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// Writes little-endian values to a file's channel through a buffer, and counts the bytes.
final class GgufOutput {
  private final Path path;
  private final WritableByteChannel channel;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN); // what is still to be written
  private long flushed;

  /// @param path what the file will be called, for messages
  GgufOutput(Path path, WritableByteChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /// Bytes written so far.
  long position() {
    return flushed + buffer.position();
  }

  void writeByte(int value) throws IOException {
    room(1).put((byte) value);
  }

  void writeShort(int value) throws IOException {
    room(2).putShort((short) value);
  }

  void writeInt(int value) throws IOException {
    room(4).putInt(value);
  }

  void writeLong(long value) throws IOException {
    room(8).putLong(value);
  }

  /// @throws IllegalArgumentException if half of a surrogate pair stands alone
  void writeString(String value) throws IOException {
    ByteBuffer bytes;
    try {
      bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("a string holds half of a surrogate pair", e);
    }
    writeLong(bytes.remaining());
    write(bytes);
  }

  /// Takes all bytes.
  void write(ByteBuffer bytes) throws IOException {
    if (bytes.remaining() > buffer.remaining()) {
      flush();
    }
    if (bytes.remaining() > buffer.remaining()) {
      flushed += bytes.remaining();
      writeAll(bytes);
    } else {
      buffer.put(bytes);
    }
  }

  /// Zeros up to the next multiple of `alignment`.
  void pad(long alignment) throws IOException {
    for (long rest = GgufRules.align(position(), alignment) - position(); rest > 0; rest--) {
      writeByte(0);
    }
  }

  void flush() throws IOException {
    buffer.flip();
    flushed += buffer.remaining();
    writeAll(buffer);
    buffer.clear();
  }

  private ByteBuffer room(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
    return buffer;
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      // The operating system says "No space left on device" and not whose.
      throw (IOException)
          new FileSystemException(path.toString(), null, e.getMessage()).initCause(e);
    }
  }
}
