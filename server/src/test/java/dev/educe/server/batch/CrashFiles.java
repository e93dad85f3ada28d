package dev.educe.server.batch;

import dev.educe.server.batch.CrashDisk.Act;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The files of a [CrashDisk] as `java.nio.file` has them: as much of it as a ledger asks for.
final class CrashFiles extends FileSystem {
  final CrashDisk disk;
  private final Provider provider = new Provider();

  CrashFiles(CrashDisk disk) {
    this.disk = disk;
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public Path getPath(String first, String... more) {
    return new CrashPath(this, more.length == 0 ? first : first + "/" + String.join("/", more));
  }

  /// With POSIX goes that folders can be synced.
  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic", "posix");
  }

  @Override
  public void close() {}

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(getPath("/"));
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public PathMatcher getPathMatcher(String pattern) {
    throw new UnsupportedOperationException();
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException();
  }

  private record Attributes(boolean isDirectory, long size) implements BasicFileAttributes {
    @Override
    public FileTime lastModifiedTime() {
      return FileTime.fromMillis(0);
    }

    @Override
    public FileTime lastAccessTime() {
      return FileTime.fromMillis(0);
    }

    @Override
    public FileTime creationTime() {
      return FileTime.fromMillis(0);
    }

    @Override
    public boolean isRegularFile() {
      return !isDirectory;
    }

    @Override
    public boolean isSymbolicLink() {
      return false;
    }

    @Override
    public boolean isOther() {
      return false;
    }

    @Override
    public Object fileKey() {
      return null;
    }
  }

  private final class Provider extends FileSystemProvider {
    private int require(Path path) throws NoSuchFileException {
      int inode = disk.find(path.toString());
      if (inode < 0) {
        throw new NoSuchFileException(path.toString());
      }
      return inode;
    }

    @Override
    public FileChannel newFileChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      String name = path.toString();
      if (disk.isFolder(name)) {
        return CrashChannel.folder(disk, name);
      }
      boolean isMade = options.contains(StandardOpenOption.CREATE);
      if (options.contains(StandardOpenOption.CREATE_NEW) && disk.find(name) >= 0) {
        throw new FileAlreadyExistsException(name);
      }
      isMade |= options.contains(StandardOpenOption.CREATE_NEW);
      int inode = disk.find(name) < 0 && isMade ? disk.make(name) : require(path);
      if (options.contains(StandardOpenOption.TRUNCATE_EXISTING)
          && disk.content(inode).length > 0) {
        disk.does(new Act.Cut(inode, 0));
      }
      return CrashChannel.file(disk, inode);
    }

    @Override
    public SeekableByteChannel newByteChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      return newFileChannel(path, options, attributes);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
        Path folder, DirectoryStream.Filter<? super Path> filter) {
      var paths = disk.list(folder.toString()).stream().map(name -> getPath(name)).toList();
      return new DirectoryStream<>() {
        @Override
        public Iterator<Path> iterator() {
          return paths.iterator();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
      if (!disk.makeFolder(folder.toString())) {
        throw new FileAlreadyExistsException(folder.toString());
      }
    }

    @Override
    public void delete(Path path) throws IOException {
      require(path);
      disk.does(new Act.Deleted(path.toString()));
    }

    @Override
    public void move(Path from, Path to, CopyOption... options) throws IOException {
      disk.does(new Act.Moved(from.toString(), to.toString(), require(from)));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
      if (!disk.isFolder(path.toString())) {
        require(path);
      }
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      boolean isFolder = disk.isFolder(path.toString());
      long size = isFolder ? 0 : disk.content(require(path)).length;
      return type.cast(new Attributes(isFolder, size));
    }

    @Override
    public String getScheme() {
      return "crash";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Path getPath(URI uri) {
      throw new UnsupportedOperationException();
    }

    private Path getPath(String name) {
      return CrashFiles.this.getPath(name);
    }

    @Override
    public void copy(Path from, Path to, CopyOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isSameFile(Path a, Path b) {
      return a.equals(b);
    }

    @Override
    public boolean isHidden(Path path) {
      return false;
    }

    @Override
    public FileStore getFileStore(Path path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(
        Path path, Class<V> type, LinkOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
      throw new UnsupportedOperationException();
    }
  }
}
