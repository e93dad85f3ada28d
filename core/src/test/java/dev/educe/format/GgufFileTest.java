package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.Allocations;
import dev.educe.testing.Leaks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real files: huge ones, ones that are changed while they are open, and things that are no files.
class GgufFileTest {
  private static final int COUNT = 700_000; // more than two pieces of a read

  @TempDir Path folder;

  @Test
  void thingsThatAreNoModelFilesAreNamed() throws Throwable {
    Leaks.assertNoLeaks(() -> {
      refused(folder, "is a folder, not a model");
      refused(Files.write(folder.resolve("a"), "GGUF1234".getBytes()), "the version is");
      assertThrows(NoSuchFileException.class, () -> Gguf.open(folder.resolve("missing")));
      Path device = Path.of("/dev/null");
      if (Files.exists(device)) {
        refused(device, "is not a file, not a model");
      }
    });
  }

  @Test
  void anySegmentCanBeFilledFromAnyPlace() throws Throwable {
    Path path = model();
    Leaks.assertNoLeaks(() -> {
      try (var file = Gguf.open(path);
          var region = Region.open("test", MemoryBudget.unlimited())) {
        var tensor = file.tensor("ramp").get();
        var offHeap = region.allocate(tensor.bytes());
        file.read(tensor, 0, offHeap);
        assertRamp(0, offHeap.toArray(ValueLayout.JAVA_FLOAT));
        var floats = new float[COUNT - 5];
        file.read(tensor, 20, MemorySegment.ofArray(floats));
        assertRamp(5, floats);
        var bytes = new byte[(int) tensor.bytes()];
        file.read(tensor, 0, MemorySegment.ofArray(bytes));
        assertArrayEquals(offHeap.toArray(ValueLayout.JAVA_BYTE), bytes);
        file.read(tensor, tensor.bytes(), MemorySegment.ofArray(new byte[0]));
      }
    });
  }

  @Test
  void aReadBeyondTheTensorOrOfAnotherIsTheCallersMistake() throws IOException {
    try (var file = Gguf.open(model())) {
      var tensor = file.tensor("ramp").get();
      var four = MemorySegment.ofArray(new byte[4]);
      for (long offset : new long[] {-1, tensor.bytes() - 3, tensor.bytes(), Long.MAX_VALUE}) {
        assertThrows(
            IndexOutOfBoundsException.class, () -> file.read(tensor, offset, four), "" + offset);
      }
      var foreign = new TensorEntry("ramp", DType.F32, tensor.shape(), 0, tensor.bytes());
      assertThrows(IllegalArgumentException.class, () -> file.read(foreign, 0, four));
      assertThrows(IllegalArgumentException.class, () -> file.read(tensor, 0, four.asReadOnly()));
    }
  }

  @Test
  void aFileThatIsCutWhileOpenIsRefused() throws IOException {
    Path path = model();
    try (var file = Gguf.open(path);
        var other = FileChannel.open(path, StandardOpenOption.WRITE)) {
      other.truncate(other.size() / 2);
      var all = MemorySegment.ofArray(new float[COUNT]);
      var failure =
          assertThrows(
              ModelFormatException.class, () -> file.read(file.tensor("ramp").get(), 0, all));
      assertTrue(failure.getMessage().startsWith(path + ": ends at offset"), failure.getMessage());
      // The part that is left is not to be trusted either.
      assertChanged(file);
    }
  }

  @Test
  void aFileThatIsOverwrittenWhileOpenIsRefused() throws IOException {
    Path path = model();
    try (var file = Gguf.open(path)) {
      assertRamp(0, read(file, 10));
      var opened = Files.getLastModifiedTime(path);
      Files.write(path, new byte[(int) Files.size(path)], StandardOpenOption.WRITE);
      Files.setLastModifiedTime(path, FileTime.fromMillis(opened.toMillis() + 1_000));
      assertChanged(file);
    }
  }

  @Test
  void aFileThatGrowsWhileOpenIsRefused() throws IOException {
    Path path = model();
    try (var file = Gguf.open(path)) {
      Files.write(path, new byte[1], StandardOpenOption.APPEND);
      assertChanged(file);
    }
  }

  @Test
  void aFileThatIsReplacedOrDeletedWhileOpenIsReadAsItWas() throws IOException {
    Path path = model();
    Path other = folder.resolve("other.gguf");
    GgufWriter.write(other, Map.of(), List.of());
    try (var file = Gguf.open(path)) {
      Files.move(other, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      assertRamp(0, read(file, 10));
      Files.delete(path);
      assertRamp(0, read(file, 10));
    }
  }

  @Test
  void manyThreadsReadOneFileAndOpenItAgain() throws Throwable {
    Path path = model();
    Leaks.assertNoLeaks(() -> {
      try (var file = Gguf.open(path);
          var threads = Executors.newFixedThreadPool(4)) {
        Callable<Boolean> reading =
            () -> {
              assertRamp(0, read(file, COUNT));
              try (var again = Gguf.open(path)) {
                assertRamp(0, read(again, 100));
              }
              return true;
            };
        for (var done : threads.invokeAll(IntStream.range(0, 40).mapToObj(_ -> reading).toList())) {
          assertTrue(done.get());
        }
      }
    });
  }

  /// A load that is cancelled by interrupting it leaves nothing open.
  @Test
  void anInterruptEndsTheRead() throws Throwable {
    Path path = model();
    Leaks.assertNoLeaks(() -> {
      try (var file = Gguf.open(path)) {
        Thread.currentThread().interrupt();
        assertThrows(ClosedByInterruptException.class, () -> read(file, 10));
        assertTrue(Thread.interrupted());
      }
    });
    Thread.currentThread().interrupt();
    Leaks.assertNoLeaks(
        () -> assertThrows(ClosedByInterruptException.class, () -> Gguf.open(path).close()));
    assertTrue(Thread.interrupted());
  }

  @Test
  void aClosedFileIsNotRead() throws IOException {
    var file = Gguf.open(model());
    file.close();
    file.close();
    assertThrows(ClosedChannelException.class, () -> read(file, 10));
  }

  @Test
  void eightTebibytesCostNothingButTheirHeader() throws Throwable {
    long elements = 1L << 41;
    Path path = folder.resolve("huge.gguf");
    byte[] header = RawGguf.of(1, 0).tensor("x", RawGguf.F32, 0, elements).pad(32).bytes();
    sparse(path, header, header.length + 4 * elements);
    try (var file = Gguf.open(path)) {
      var last = MemorySegment.ofArray(new byte[4]);
      file.read(file.tensors().getFirst(), 4 * elements - 4, last);
    }
    assertTrue(Allocations.of(() -> Gguf.open(path).close()) < 1 << 20);
  }

  /// Zeros of a sparse file are there, but cost whoever made them nothing.
  @Test
  void emptyBytesWithoutEndAreNotCollected() throws Throwable {
    long huge = 1L << 40;
    sparse(folder.resolve("array"), arrayOf(RawGguf.STRING, 1 << 26), huge);
    sparse(folder.resolve("string"), RawGguf.of(0, 1).key("a", 8).u64(1L << 33).bytes(), huge);
    sparse(folder.resolve("strings"), arrayOf(RawGguf.STRING, (1 << 24) - 1), huge);
    refused(folder.resolve("array"), "at most 16,777,216 are read");
    refused(folder.resolve("string"), "makes the header larger than 134,217,728 bytes");
    refused(folder.resolve("strings"), "header");
  }

  private static byte[] arrayOf(int type, long count) {
    return RawGguf.of(0, 2).key("a", RawGguf.ARRAY).array(type, count).bytes();
  }

  @Tag("slow")
  @Test
  void aSegmentBeyondTwoGibibytesIsFilled() throws IOException {
    long bytes = (2L << 30) + 4096;
    Path path = folder.resolve("large.gguf");
    byte[] header = RawGguf.of(1, 0).tensor("x", 24, 0, bytes).pad(32).bytes();
    sparse(path, header, header.length + bytes);
    Files.write(path, new byte[] {42}, StandardOpenOption.APPEND);
    try (var file = Gguf.open(path);
        var region = Region.open("test", MemoryBudget.unlimited())) {
      var target = region.allocate(bytes);
      target.fill((byte) 7);
      file.read(file.tensors().getFirst(), 0, target);
      assertEquals(-1, target.mismatch(region.allocate(bytes)));
    }
  }

  private static void sparse(Path path, byte[] start, long length) {
    try (var channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(start));
      channel.write(ByteBuffer.allocate(1), length - 1);
    } catch (IOException e) {
      abort("no sparse file of " + length + " bytes here: " + e.getMessage());
    }
  }

  private Path model() throws IOException {
    Path path = folder.resolve("model.gguf");
    var ramp = ByteBuffer.allocate(4 * COUNT).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    IntStream.range(0, COUNT).forEach(i -> ramp.putFloat(i));
    var small = new GgufWriter.Tensor("small", DType.F32, Shape.of(3), t -> t.write(zeros(12)));
    var large =
        new GgufWriter.Tensor("ramp", DType.F32, Shape.of(COUNT), t -> t.write(ramp.flip()));
    GgufWriter.write(path, Map.of(), List.of(small, large));
    return path;
  }

  private static ByteBuffer zeros(int count) {
    return ByteBuffer.allocate(count);
  }

  private static float[] read(Gguf file, int count) throws IOException {
    var floats = new float[count];
    file.read(file.tensor("ramp").get(), 0, MemorySegment.ofArray(floats));
    return floats;
  }

  private static void assertRamp(int first, float[] floats) {
    for (int i = 0; i < floats.length; i++) {
      if (floats[i] != first + i) {
        assertEquals(first + i, floats[i], "element " + i);
      }
    }
  }

  private static void assertChanged(Gguf file) {
    var failure = assertThrows(ModelFormatException.class, () -> read(file, 10));
    assertTrue(
        failure.getMessage().contains("was changed while it was read"), failure.getMessage());
  }

  private static void refused(Path path, String fragment) {
    var failure = assertThrows(ModelFormatException.class, () -> Gguf.open(path).close());
    assertTrue(failure.getMessage().startsWith(path + ": "), failure.getMessage());
    assertTrue(failure.getMessage().contains(fragment), failure.getMessage());
  }
}
