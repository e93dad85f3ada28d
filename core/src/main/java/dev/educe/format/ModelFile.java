package dev.educe.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// A file open for reading at any position, counted, that notices when it is changed meanwhile.
///
/// Thread-safe. As with every [FileChannel], interrupting a thread that reads closes the file.
final class ModelFile implements ByteSource, AutoCloseable {
  private static final AtomicInteger OPEN = new AtomicInteger();

  /// Bytes of one call to the system: few calls, and a small buffer where memory is on the heap.
  private static final long PIECE_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final BasicFileAttributes opened;
  private final AtomicBoolean closed = new AtomicBoolean();

  private ModelFile(Path path, FileChannel channel, BasicFileAttributes opened) {
    this.path = path;
    this.channel = channel;
    this.opened = opened;
    OPEN.incrementAndGet();
  }

  /// @throws ModelFormatException if this is a folder, a pipe or a device
  /// @throws IOException if there is no such file, or it may not be read
  static ModelFile open(Path path) throws IOException {
    var attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new ModelFormatException(
          path
              + ": is "
              + (attributes.isDirectory() ? "a folder" : "not a file")
              + ", not a model");
    }
    return new ModelFile(path, FileChannel.open(path, StandardOpenOption.READ), attributes);
  }

  /// How many are open.
  static int openFiles() {
    return OPEN.get();
  }

  Path path() {
    return path;
  }

  @Override
  public String name() {
    return path.toString();
  }

  /// As it was when the file was opened.
  @Override
  public long length() {
    return opened.size();
  }

  @Override
  public void read(ByteBuffer target, long position) throws IOException {
    long next = position;
    while (target.hasRemaining()) {
      int count = channel.read(target, next);
      if (count < 0) {
        throw new ModelFormatException(
            String.format(
                Locale.ROOT,
                "%s: ends at offset %,d, but had %,d bytes when it was opened",
                path,
                next,
                length()));
      }
      next += count;
    }
  }

  /// Fills a segment of any size and kind, and checks that the file is still the one it was.
  void read(MemorySegment target, long position) throws IOException {
    boolean direct = target.isNative() || target.heapBase().orElse(null) instanceof byte[];
    for (long done = 0; done < target.byteSize(); done += PIECE_BYTES) {
      var piece = target.asSlice(done, Math.min(PIECE_BYTES, target.byteSize() - done));
      if (direct) {
        read(piece.asByteBuffer(), position + done);
      } else {
        var copy = ByteBuffer.allocate((int) piece.byteSize());
        read(copy, position + done);
        piece.copyFrom(MemorySegment.ofBuffer(copy.flip()));
      }
    }
    checkUnchanged();
  }

  /// A file that was moved or deleted is still open here as it was; one that was written to is not.
  private void checkUnchanged() throws IOException {
    BasicFileAttributes now;
    try {
      now = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (NoSuchFileException _) {
      return;
    }
    boolean written =
        Objects.equals(now.fileKey(), opened.fileKey())
            && !now.lastModifiedTime().equals(opened.lastModifiedTime());
    if (written || channel.size() != length()) {
      throw new ModelFormatException(
          String.format(
              Locale.ROOT,
              "%s: was changed while it was read (%,d bytes when opened, now %,d); load it again",
              path,
              length(),
              channel.size()));
    }
  }

  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      OPEN.decrementAndGet();
      channel.close();
    }
  }
}
