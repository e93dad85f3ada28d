package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.RandomGguf.Filled;
import dev.educe.testing.Allocations;
import dev.educe.testing.Seeded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A valid file of every kind of value, cut and damaged in every place.
@ExtendWith(Seeded.class)
class GgufDamageTest {
  /// What a file may cost beyond its own bytes: the buffer, and a message.
  private static final int ALLOWANCE = 1 << 17;

  private byte[] valid;
  private int headerEnd;
  private int dataEnd;

  @BeforeEach
  void writeAValidFile(@TempDir Path folder, Random random) throws IOException {
    var draw = new RandomGguf(random);
    var path = folder.resolve("valid.gguf");
    var tensors = draw.tensors(5).stream().map(Filled::tensor).toList();
    GgufWriter.write(path, draw.oneOfEach(), tensors);
    valid = Files.readAllBytes(path);
    var entries = GgufHeader.read(new MemorySource(valid)).tensors();
    headerEnd = (int) entries.getFirst().offset();
    dataEnd = (int) (entries.getLast().offset() + entries.getLast().bytes());
  }

  @Test
  void everyPrefixIsAnError() throws IOException {
    for (int length = 0; length < dataEnd; length++) {
      var prefix = new MemorySource(Arrays.copyOf(valid, length));
      assertThrows(ModelFormatException.class, () -> GgufHeader.read(prefix), "length " + length);
    }
    // Only padding is missing.
    GgufHeader.read(new MemorySource(Arrays.copyOf(valid, dataEnd)));
  }

  @Test
  void everyFlippedBitIsHarmlessOrAnError() throws Throwable {
    int refused = 0;
    for (int bit = 0; bit < 8 * headerEnd; bit++) {
      byte[] damaged = valid.clone();
      damaged[bit / 8] ^= (byte) (1 << (bit % 8));
      refused += isRefused(damaged, "bit " + bit) ? 1 : 0;
    }
    // Else the test would not see a reader that checks nothing.
    assertTrue(refused > headerEnd, refused + " of " + 8 * headerEnd + " were refused");
  }

  @Test
  void severalWrongBytesAreHarmlessOrAnError(Random random) throws Throwable {
    byte[] extremes = {0, 1, -1, 127, -128, 4, 8, 9};
    for (int round = 0; round < 30_000; round++) {
      byte[] damaged = valid.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        damaged[random.nextInt(headerEnd)] = extremes[random.nextInt(extremes.length)];
      }
      isRefused(damaged, "round " + round);
    }
  }

  private boolean isRefused(byte[] bytes, String what) throws Throwable {
    var refused = new boolean[1];
    long allocated =
        Allocations.of(() -> {
          try {
            GgufHeader.read(new MemorySource(bytes));
          } catch (ModelFormatException _) {
            refused[0] = true;
          }
        });
    assertTrue(
        allocated < 64L * bytes.length + ALLOWANCE,
        () -> what + " made the reader allocate " + allocated + " for " + bytes.length);
    return refused[0];
  }

  @Test
  void whatThePlatformReportsPassesThrough() {
    byte[] file = RawGguf.of(0, 1).key("a", RawGguf.STRING).u64(1 << 19).zeros(1 << 19).bytes();
    for (int reads = 0; reads < 2; reads++) {
      var source = new FailingSource(new MemorySource(file), reads);
      var failure = assertThrows(IOException.class, () -> GgufHeader.read(source));
      assertEquals("Input/output error", failure.getMessage());
    }
  }

  /// A disk that fails after some reads.
  private static final class FailingSource implements ByteSource {
    private final MemorySource source;
    private int readsLeft;

    FailingSource(MemorySource source, int reads) {
      this.source = source;
      this.readsLeft = reads;
    }

    @Override
    public String name() {
      return source.name();
    }

    @Override
    public long length() {
      return source.length();
    }

    @Override
    public void read(ByteBuffer target, long position) throws IOException {
      if (readsLeft-- == 0) {
        throw new IOException("Input/output error");
      }
      source.read(target, position);
    }
  }
}
