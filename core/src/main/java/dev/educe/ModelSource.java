package dev.educe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The file that a model was loaded from, as it was then.
final class ModelSource {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Path path;
  private final long bytes;
  private final FileTime modified;
  private String sha256 = ""; // once it was wanted

  private ModelSource(Path path, long bytes, FileTime modified) {
    this.path = path;
    this.bytes = bytes;
    this.modified = modified;
  }

  static ModelSource of(Path path) throws IOException {
    return new ModelSource(path, Files.size(path), Files.getLastModifiedTime(path));
  }

  /// The hash of all its bytes, computed when it is first asked for. Thread-safe.
  ///
  /// @throws IOException if the file is not the one that was loaded any more
  synchronized String sha256() throws IOException {
    if (sha256.isEmpty()) {
      String hash = hash();
      if (Files.size(path) != bytes || !Files.getLastModifiedTime(path).equals(modified)) {
        throw new IOException(
            path.getFileName()
                + " has changed since it was loaded, so nothing can be saved or restored for it");
      }
      sha256 = hash;
    }
    return sha256;
  }

  private String hash() throws IOException {
    try (var channel = FileChannel.open(path)) {
      var digest = MessageDigest.getInstance("SHA-256");
      var buffer = ByteBuffer.allocate(BUFFER_BYTES);
      while (channel.read(buffer.clear()) >= 0) {
        digest.update(buffer.flip());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("every Java platform has SHA-256", missing);
    }
  }
}
