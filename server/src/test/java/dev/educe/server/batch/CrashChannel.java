package dev.educe.server.batch;

import dev.educe.server.batch.CrashDisk.Act;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// A file of a [CrashDisk] that is open, or a folder that is to be synced.
final class CrashChannel extends FileChannel {
  private final CrashDisk disk;
  private final int inode;
  private final Act sync;
  private long position;

  private CrashChannel(CrashDisk disk, int inode, Act sync) {
    this.disk = disk;
    this.inode = inode;
    this.sync = sync;
  }

  static CrashChannel file(CrashDisk disk, int inode) {
    return new CrashChannel(disk, inode, new Act.Synced(inode));
  }

  static CrashChannel folder(CrashDisk disk, String path) {
    return new CrashChannel(disk, -1, new Act.SyncedFolder(path));
  }

  @Override
  public int read(ByteBuffer to) {
    int count = read(to, position);
    position += Math.max(0, count);
    return count;
  }

  @Override
  public int read(ByteBuffer to, long at) {
    byte[] content = disk.content(inode);
    if (at >= content.length) {
      return -1;
    }
    int count = Math.min(to.remaining(), content.length - (int) at);
    to.put(content, (int) at, count);
    return count;
  }

  @Override
  public int write(ByteBuffer from) {
    int count = write(from, position);
    position += count;
    return count;
  }

  @Override
  public int write(ByteBuffer from, long at) {
    var bytes = new byte[from.remaining()];
    from.get(bytes);
    disk.does(new Act.Wrote(inode, at, bytes));
    return bytes.length;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public FileChannel position(long position) {
    this.position = position;
    return this;
  }

  @Override
  public long size() {
    return disk.content(inode).length;
  }

  @Override
  public FileChannel truncate(long size) {
    if (size < size()) {
      disk.does(new Act.Cut(inode, size));
    }
    return this;
  }

  @Override
  public void force(boolean metadata) {
    disk.does(sync);
  }

  @Override
  public FileLock tryLock(long at, long size, boolean isShared) {
    return new FileLock(this, at, size, isShared) {
      @Override
      public boolean isValid() {
        return true;
      }

      @Override
      public void release() {}
    };
  }

  @Override
  public FileLock lock(long at, long size, boolean isShared) {
    return tryLock(at, size, isShared);
  }

  @Override
  protected void implCloseChannel() {}

  @Override
  public long read(ByteBuffer[] to, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferTo(long at, long count, WritableByteChannel to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferFrom(ReadableByteChannel from, long at, long count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long at, long size) {
    throw new UnsupportedOperationException();
  }
}
