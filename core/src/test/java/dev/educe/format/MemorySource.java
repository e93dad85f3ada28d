package dev.educe.format;

import java.io.IOException;
import java.nio.ByteBuffer;

/// A file that is only an array, so that a million of them can be read in seconds.
record MemorySource(byte[] bytes) implements ByteSource {
  @Override
  public String name() {
    return "memory.gguf";
  }

  @Override
  public long length() {
    return bytes.length;
  }

  @Override
  public void read(ByteBuffer target, long position) throws IOException {
    target.put(bytes, (int) position, target.remaining());
  }
}
