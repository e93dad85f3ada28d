package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Nested;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.MetadataValue.Texts;
import dev.educe.format.RandomGguf.Filled;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.Leaks;
import dev.educe.testing.Seeded;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// What is written is read again, and what cannot be read is not written.
@ExtendWith(Seeded.class)
class GgufRoundTripTest {
  @TempDir Path folder;

  @Test
  void whatIsWrittenIsRead(Random random) throws Throwable {
    var draw = new RandomGguf(random);
    for (int round = 0; round < 200; round++) {
      var metadata = draw.metadata(random.nextInt(12));
      if (random.nextBoolean()) {
        metadata.put("general.alignment", new Int(IntType.UINT32, 8L << random.nextInt(14)));
      }
      var tensors = draw.tensors(random.nextInt(6));
      var path = folder.resolve("round.gguf");
      Leaks.assertNoLeaks(() -> {
        GgufWriter.write(path, metadata, tensors.stream().map(Filled::tensor).toList());
        assertHolds(path, metadata, tensors);
      });
    }
    try (var files = Files.list(folder)) {
      assertEquals(List.of("round.gguf"), files.map(f -> f.getFileName().toString()).toList());
    }
  }

  /// The count of tensors stands where a safetensors file has the brace that begins its JSON.
  @Test
  void aCountThatLooksLikeAnotherFormatIsACount() throws IOException {
    List<Filled> tensors = new ArrayList<>();
    for (int i = 0; i < '{'; i++) {
      tensors.add(new Filled("t" + i, DType.F32, Shape.of(1), new byte[4]));
    }
    var path = folder.resolve("brace.gguf");
    GgufWriter.write(path, Map.of(), tensors.stream().map(Filled::tensor).toList());
    assertHolds(path, Map.of(), tensors);
  }

  private static void assertHolds(
      Path path, Map<String, MetadataValue> metadata, List<Filled> tensors) throws IOException {
    try (var file = Gguf.open(path)) {
      assertEquals(3, file.version());
      assertEquals(List.copyOf(metadata.keySet()), List.copyOf(file.metadata().keys()));
      metadata.forEach((key, value) -> assertEquals(value, file.metadata().find(key).get(), key));
      assertEquals(tensors.size(), file.tensors().size());
      for (int i = 0; i < tensors.size(); i++) {
        var wanted = tensors.get(i);
        var entry = file.tensors().get(i);
        assertEquals(entry, file.tensor(wanted.name()).get());
        assertEquals(wanted.type(), entry.type());
        assertEquals(wanted.shape(), entry.shape());
        var bytes = new byte[(int) entry.bytes()];
        file.read(entry, 0, MemorySegment.ofArray(bytes));
        assertArrayEquals(wanted.bytes(), bytes, entry.name());
      }
    }
  }

  @Test
  void textsLongerThanTheBufferAndNumbersAtTheirLimitsSurvive() throws IOException {
    var words = new ArrayList<String>();
    for (int length : new int[] {65_527, 65_528, 65_529, 65_536, 65_537, 200_000, 0, 1}) {
      words.add("é".repeat(length / 2) + "x".repeat(length % 2));
    }
    var metadata =
        Map.<String, MetadataValue>of(
            "words", new Texts(words), "max", new Int(IntType.UINT64, -1L));
    var path = folder.resolve("long.gguf");
    GgufWriter.write(path, metadata, List.of());
    assertHolds(path, metadata, List.of());
  }

  @Test
  void dimensionsAreTurned() throws IOException {
    var header = RawGguf.of(1, 0).tensor("x", RawGguf.F32, 0, 5, 3, 2).pad(32).zeros(120).read();
    assertEquals(Shape.of(2, 3, 5), header.tensors().getFirst().shape());
  }

  @Test
  void versionTwoIsReadLikeThree() throws IOException {
    var file = new RawGguf().ascii("GGUF").u32(2).u64(0).u64(1).key("a", RawGguf.UINT32).u32(7);
    var header = file.read();
    assertEquals(2, header.version());
    assertEquals(7, header.metadata().integer("a"));
  }

  /// As a file from elsewhere may have them: in another order than the directory's.
  @Test
  void tensorsMayLieInAnyOrder() throws IOException {
    var header =
        RawGguf.of(2, 0)
            .tensor("late", RawGguf.F32, 32, 8)
            .tensor("early", RawGguf.F32, 0, 1)
            .pad(32)
            .zeros(64)
            .read();
    assertEquals(List.of("late", "early"), header.tensors().stream().map(t -> t.name()).toList());
  }

  @Test
  void bytesThatAreNotUtf8BecomeReplacements() throws IOException {
    var header =
        RawGguf.of(0, 1).key("a", RawGguf.STRING).u64(3).put((byte) 'x', (byte) 0xff, (byte) 'y');
    assertEquals("x\ufffdy", header.read().metadata().string("a"));
  }

  @Test
  void whatCannotBeReadIsNotWritten() {
    var weight = new RandomGguf(new Random(1)).tensors(1).getFirst().tensor();
    refused("'general.alignment' must be", Map.of("general.alignment", new Text("32")));
    refused("'' must not be empty", Map.of("", new Text("x")));
    refused("control characters", Map.of("a\nb", new Text("x")));
    refused("half of a surrogate pair", Map.of("a", new Text("\ud83d")));
    refused("two tensors have the name 'blk.0.weight'", Map.of(), weight, weight);
    refused("at most 63 bytes, found 64", Map.of(), bytes("n".repeat(64), 32));
    refused("has 32 bytes, but only 31 were written", Map.of(), bytes("short", 31));
    refused("has 32 bytes, but more were written", Map.of(), bytes("long", 33));
    assertEquals(0, folder.toFile().list().length, "files left behind");
  }

  @Test
  void valuesHoldOnlyWhatTheirTypeHolds() {
    assertThrows(IllegalArgumentException.class, () -> new Int(IntType.UINT8, 256));
    assertThrows(
        IllegalArgumentException.class,
        () -> new MetadataValue.Ints(IntType.INT8, new long[] {-129}));
    assertThrows(IllegalArgumentException.class, () -> new Nested(List.of(new Text("x"))));
  }

  private static GgufWriter.Tensor bytes(String name, int count) {
    return new GgufWriter.Tensor(
        name, DType.F32, Shape.of(2, 4), target -> target.write(ByteBuffer.allocate(count)));
  }

  private void refused(
      String fragment, Map<String, MetadataValue> metadata, GgufWriter.Tensor... tensors) {
    var failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> GgufWriter.write(folder.resolve("no.gguf"), metadata, List.of(tensors)));
    assertTrue(failure.getMessage().contains(fragment), failure.getMessage());
  }
}
