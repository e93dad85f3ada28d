package dev.educe.server.batch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/// Makes what only its owner may read, from its first moment on, where a file system knows that,
/// and takes nothing for a file of ours but a file: no link, no pipe, no device, and nothing that
/// has another name elsewhere.
///
/// What is there already keeps the permissions that somebody gave it.
final class Owned {
  private Owned() {}

  /// A folder with those above it, unless it is there.
  static void directory(Path folder) throws IOException {
    Files.createDirectories(folder, only(folder, "rwx------"));
  }

  /// A folder of one of ours, unless it is there.
  ///
  /// @throws IOException if it is a link
  static void inner(Path folder) throws IOException {
    directory(folder);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw strange(folder);
    }
  }

  /// Opens a file to be read and written, a new one if there is none.
  static FileChannel open(Path file) throws IOException {
    return open(
        file,
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            LinkOption.NOFOLLOW_LINKS));
  }

  /// Opens a file to be read.
  static FileChannel read(Path file) throws IOException {
    return open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  /// Opens a file that is there to be written.
  static FileChannel write(Path file) throws IOException {
    return open(file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
  }

  private static FileChannel open(Path file, Set<OpenOption> options) throws IOException {
    var before = check(file); // to open a pipe is to wait
    var channel = FileChannel.open(file, options, only(file, "rw-------"));
    try {
      var after = check(file);
      if (before.isPresent() && !before.equals(after)) {
        throw strange(file);
      }
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Holds that there is a file of ours or nothing.
  ///
  /// @return what tells the file from others, if there is one and the file system knows
  static Optional<Object> check(Path file) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
    if (!attributes.isRegularFile() || names(file) > 1) {
      throw strange(file);
    }
    return Optional.ofNullable(attributes.fileKey());
  }

  private static int names(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix")
        ? (int) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
        : 1;
  }

  static IOException strange(Path path) {
    return new IOException(
        path + " was not made by this server: it is a link, or no file; move it away");
  }

  private static FileAttribute<?>[] only(Path path, String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
