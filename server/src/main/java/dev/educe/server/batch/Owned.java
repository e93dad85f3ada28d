package dev.educe.server.batch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// Makes what only its owner may read, from its first moment on, where a file system knows that.
///
/// What is there already keeps the permissions that somebody gave it.
final class Owned {
  private Owned() {}

  /// A folder with those above it, unless it is there.
  static void directory(Path folder) throws IOException {
    Files.createDirectories(folder, only(folder, "rwx------"));
  }

  /// Opens a file to be read and written, a new one if there is none.
  static FileChannel open(Path file) throws IOException {
    var options =
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return FileChannel.open(file, options, only(file, "rw-------"));
  }

  private static FileAttribute<?>[] only(Path path, String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
