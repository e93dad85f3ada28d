package dev.educe.server.batch;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// A file of records that is only ever added to; a record is on the disk before [#append] returns.
///
/// ```text
/// head     8 bytes: "EDUCEJ", 0, version 1
/// records  int32 length of the payload, 1 to RECORD_BYTES_MAX; big-endian, as all numbers
///          int32 CRC-32C of length and payload
///          payload: text in UTF-8 without control characters, as compact JSON is
/// ```
///
/// Records are written one by one, so that only the last can be torn: it was not acknowledged, and
/// is cut off. What is wrong before the last is damage, which is reported and never skipped. The
/// two are told apart by what follows: in a payload no four bytes are a length that has room, since
/// each is at least a space. Thread-safe.
final class Journal implements AutoCloseable {
  static final int RECORD_BYTES_MAX = 1 << 28;

  private static final byte[] HEAD = {'E', 'D', 'U', 'C', 'E', 'J', 0, 1};
  private static final int FRAME_BYTES = 2 * Integer.BYTES;

  private final Path path;
  private final FileChannel channel;
  private long end;
  private boolean isBroken; // what a write that failed has left is sorted out by opening it anew

  /// Takes a record of a journal that is read.
  @FunctionalInterface
  interface Reader {
    void record(byte[] payload) throws IOException;
  }

  /// Opens a journal, a new one if there is none, and reads what it has.
  ///
  /// @throws IOException if it is damaged, or no journal of this version
  Journal(Path path, Reader reader) throws IOException {
    this.path = path;
    boolean isNew = !Files.exists(path);
    channel = Owned.open(path);
    try {
      long size = channel.size();
      end = size < HEAD.length ? begin(size) : read(path, reader);
      if (end < channel.size()) {
        checkTorn();
        channel.truncate(end);
      }
      channel.force(true);
      if (isNew) {
        syncFolder(path);
      }
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private long begin(long size) throws IOException {
    var bytes = ByteBuffer.allocate((int) size);
    channel.read(bytes, 0);
    if (!Arrays.equals(bytes.array(), Arrays.copyOf(HEAD, (int) size))) {
      throw foreign(path);
    }
    write(ByteBuffer.wrap(HEAD), 0);
    return HEAD.length;
  }

  private static IOException foreign(Path path) {
    return new IOException(
        path + " is no journal of this version; move it away, or use the version that wrote it");
  }

  /// Reads all whole records of a file.
  ///
  /// @return where they end
  static long read(Path path, Reader reader) throws IOException {
    try (var channel = Owned.read(path);
        var in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel)))) {
      if (!Arrays.equals(in.readNBytes(HEAD.length), HEAD)) {
        throw foreign(path);
      }
      long size = channel.size();
      long at = HEAD.length;
      while (size - at > FRAME_BYTES) {
        int length = in.readInt();
        int sum = in.readInt();
        if (!isLength(length, size - at)) {
          break;
        }
        byte[] payload = in.readNBytes(length);
        if (sum(payload) != sum) {
          break;
        }
        reader.record(payload);
        at += FRAME_BYTES + length;
      }
      return at;
    }
  }

  private static boolean isLength(int length, long bytesLeft) {
    return length > 0 && length <= RECORD_BYTES_MAX && length <= bytesLeft - FRAME_BYTES;
  }

  private static int sum(byte[] payload) {
    var sum = new CRC32C();
    sum.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, payload.length));
    sum.update(payload);
    return (int) sum.getValue();
  }

  /// Holds that nothing behind a record that is not whole is one that is.
  private void checkTorn() throws IOException {
    long size = channel.size() - end;
    if (size > Integer.MAX_VALUE) {
      throw damaged(); // no record is that long
    }
    var rest = ByteBuffer.allocate((int) size);
    channel.read(rest, end);
    for (int at = 1; at + FRAME_BYTES < size; at++) {
      int length = rest.getInt(at);
      if (isLength(length, size - at)) {
        int from = at + FRAME_BYTES;
        byte[] payload = Arrays.copyOfRange(rest.array(), from, from + length);
        if (sum(payload) == rest.getInt(at + Integer.BYTES)) {
          throw damaged();
        }
      }
    }
  }

  private IOException damaged() {
    return new IOException(
        "%s is damaged at byte %,d, before its end; restore it from a copy, or move it away"
            .formatted(path, end));
  }

  /// Adds a record.
  ///
  /// @throws IOException if it may not be on the disk; nothing more is taken then
  synchronized void append(byte[] payload) throws IOException {
    if (!isLength(payload.length, Long.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "a record has 1 to %,d bytes, got %,d".formatted(RECORD_BYTES_MAX, payload.length));
    }
    if (isBroken) {
      throw new IOException(path + " could not be written before; restart when its disk is well");
    }
    isBroken = true;
    var bytes = ByteBuffer.allocate(FRAME_BYTES + payload.length);
    bytes.putInt(payload.length).putInt(sum(payload)).put(payload).flip();
    write(bytes, end);
    channel.force(false);
    end += bytes.limit();
    isBroken = false;
  }

  /// How long it is.
  synchronized long bytes() {
    return end;
  }

  private void write(ByteBuffer bytes, long at) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes, at + bytes.position());
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /// Makes sure that a file is found in its folder after the power was cut.
  static void syncFolder(Path file) throws IOException {
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      try (var folder = FileChannel.open(file.toAbsolutePath().getParent())) {
        folder.force(true);
      }
    }
  }
}
