package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class GgufOutputTest {
  /// A disk that is full from the first byte on.
  private static final class FullDisk implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      throw new IOException("No space left on device");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void aFullDiskIsNamedWithTheFile() throws IOException {
    var output = new GgufOutput(Path.of("model.gguf"), new FullDisk());
    output.writeInt(1);
    var full = assertThrows(FileSystemException.class, output::flush);
    assertEquals("model.gguf", full.getFile());
    assertEquals("No space left on device", full.getReason());
  }
}
