package dev.educe.server.batch;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/// A path of [CrashFiles], without dots; a relative one is a name.
record CrashPath(CrashFiles files, String name) implements Path {
  private String[] names() {
    return name.replaceFirst("^/", "").split("/");
  }

  @Override
  public FileSystem getFileSystem() {
    return files;
  }

  @Override
  public boolean isAbsolute() {
    return name.startsWith("/");
  }

  @Override
  public Path getRoot() {
    return isAbsolute() ? new CrashPath(files, "/") : null;
  }

  @Override
  public Path getFileName() {
    return new CrashPath(files, name.substring(name.lastIndexOf('/') + 1));
  }

  @Override
  public Path getParent() {
    int slash = name.lastIndexOf('/');
    return slash < 0 || name.equals("/")
        ? null
        : new CrashPath(files, slash == 0 ? "/" : name.substring(0, slash));
  }

  @Override
  public int getNameCount() {
    return names().length;
  }

  @Override
  public Path getName(int index) {
    return new CrashPath(files, names()[index]);
  }

  @Override
  public Path subpath(int from, int to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean startsWith(Path other) {
    return name.startsWith(other.toString());
  }

  @Override
  public boolean endsWith(Path other) {
    return name.endsWith(other.toString());
  }

  @Override
  public Path normalize() {
    return this;
  }

  @Override
  public Path resolve(Path other) {
    return other.isAbsolute()
        ? other
        : new CrashPath(files, (name.equals("/") ? "" : name) + "/" + other);
  }

  @Override
  public Path relativize(Path other) {
    return new CrashPath(files, other.toString().substring(name.length()).replaceFirst("^/", ""));
  }

  @Override
  public URI toUri() {
    return URI.create("crash:" + name);
  }

  @Override
  public Path toAbsolutePath() {
    return isAbsolute() ? this : new CrashPath(files, "/" + name);
  }

  @Override
  public Path toRealPath(LinkOption... options) {
    return this;
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int compareTo(Path other) {
    return name.compareTo(other.toString());
  }

  @Override
  public String toString() {
    return name;
  }
}
