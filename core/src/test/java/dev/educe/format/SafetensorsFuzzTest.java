package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever the bytes are: the reader takes them or throws a [ModelFormatException].
@Tag("fuzz")
class SafetensorsFuzzTest {
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "10s")
  void anyBytes(byte[] file) throws IOException {
    read(file);
  }

  static Stream<byte[]> seeds() {
    return Stream.of(SafetensorsTest.file(SafetensorsTest.TWO, 20));
  }

  /// The length is right, so that what follows is reached.
  @MethodSource("headers")
  @FuzzTest(maxDuration = "10s")
  void anyHeader(byte[] header) throws IOException {
    read(SafetensorsTest.file(new String(header, StandardCharsets.UTF_8), 20));
  }

  static Stream<byte[]> headers() {
    return Stream.of(SafetensorsTest.TWO.getBytes(StandardCharsets.UTF_8));
  }

  private static void read(byte[] file) throws IOException {
    try {
      for (var tensor : SafetensorsHeader.read(new MemorySource(file))) {
        assertTrue(tensor.bytes() > 0, tensor::toString);
        assertTrue(tensor.offset() + tensor.bytes() <= file.length, tensor::toString);
      }
    } catch (ModelFormatException e) {
      assertTrue(e.getMessage().startsWith("memory.gguf: "), e.getMessage());
    }
  }
}
