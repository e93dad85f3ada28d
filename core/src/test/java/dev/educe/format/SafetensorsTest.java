package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.Allocations;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Safetensors files, right ones and those that are wrong in one place each.
class SafetensorsTest {
  static final String TWO =
      "{\"__metadata__\":{\"format\":\"pt\"},"
          + "\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[8,20]},"
          + "\"a\":{\"shape\":[2],\"dtype\":\"F32\",\"data_offsets\":[0,8]}}  ";

  /// A file of this header and so many bytes of data, each its own index.
  static byte[] file(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    var file = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  @Test
  void tensorsAreFoundAndRead(@TempDir Path folder) throws IOException {
    Path path = Files.write(folder.resolve("two.safetensors"), file(TWO, 20));
    int open = Gguf.openFiles();
    try (var file = Safetensors.open(path)) {
      assertEquals(2, file.tensors().size());
      TensorEntry b = file.tensors().getLast();
      assertEquals(new TensorEntry("b", DType.F16, Shape.of(2, 3), b.offset(), 12), b);
      var part = new byte[5];
      file.read(b, 7, MemorySegment.ofArray(part));
      assertArrayEquals(new byte[] {15, 16, 17, 18, 19}, part);
      assertThrows(
          IndexOutOfBoundsException.class, () -> file.read(b, 8, MemorySegment.ofArray(part)));
    }
    assertEquals(open, Gguf.openFiles());
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        bad("empty", new byte[0], "has 0 bytes; a safetensors file has a header's length"),
        bad("header of 2^63", length(Long.MIN_VALUE), "a header of 9223372036854775808 bytes"),
        bad("header of -1", length(-1), "a header of 18446744073709551615 bytes"),
        bad("header of 1 GB", length(1 << 30), "it must have 2 to 33,554,432"),
        bad("header beyond the end", length(100), "a header of 100 bytes, but only 8 are left"),
        bad("no brace", file("  {}", 0), "does not begin with '{'"),
        bad("cut JSON", file("{\"a\":", 0), "the header is not the JSON it must be"),
        bad("more JSON", file("{} {}", 0), "the header goes on behind its object"),
        bad("not UTF-8", notUtf8(), "the header is not the JSON it must be"),
        bad("deep", file("{\"a\":" + "[".repeat(9_000), 0), "the tensor 'a' must have an object"),
        tensor(
            "twice",
            "Duplicate Object property",
            "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{"),
        tensor("no dtype", "must have dtype, shape and", "\"shape\":[2],\"data_offsets\":[0,8]"),
        tensor("a property", "the unknown property 'x'", "\"x\":1"),
        tensor("F8", "has the element type F8_E4M3; F32, F16 and BF16 are read", of("F8_E4M3")),
        tensor("I64", "the tensor 'a' has the element type I64", of("I64")),
        tensor("scalar", "has the shape []", at("[]", "[0,4]")),
        tensor("dimension 0", "has the shape [0]", at("[0]", "[0,0]")),
        tensor("dimension -1", "integers from 0 to 2^63-1 as its shape", at("[-1]", "[0,8]")),
        tensor("fraction", "integers from 0 to 2^63-1 as its shape", at("[2.0]", "[0,8]")),
        tensor("2^63", "integers from 0", at("[9223372036854775808]", "[0,8]")),
        tensor("five dimensions", "more than 4 numbers", at("[1,1,1,1,2]", "[0,8]")),
        tensor("overflow", "overflows: its shape is", at("[4294967296,4294967296]", "[0,8]")),
        tensor("2^63 bytes", "overflows", at("[2305843009213693952]", "[0,8]")),
        tensor("one offset", "must have two data_offsets, found 1", at("[2]", "[0]")),
        tensor("backwards", "has the bytes 8 to 0", at("[2]", "[8,0]")),
        tensor("wrong size", "the bytes 0 to 9, but [2] of F32 takes 8", at("[2]", "[0,9]")),
        tensor("a gap", "begins at offset 4 of the data, expected 0", at("[1]", "[4,8]")),
        tensor(
            "not complete", "the data has 8 bytes, but the tensors take 12", at("[3]", "[0,12]")),
        tensor("too much", "the data has 8 bytes, but the tensors take 4", at("[1]", "[0,4]")),
        bad(
            "overlap",
            file(TWO.replace("[8,20]", "[4,16]"), 16),
            "'b' begins at offset 4 of the data, expected 8"),
        bad("a name", file(TWO.replace("\"a\"", "\"\\u0000\""), 20), "no control characters"),
        bad("a format in a name", file(TWO.replace("\"a\"", "\"%s%n\""), 19), "the data has 19"),
        bad("metadata", file("{\"__metadata__\":{\"a\":1}}", 0), "must have an object of strings"));
  }

  private static byte[] length(long length) {
    return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }

  private static byte[] notUtf8() {
    byte[] bytes = file(TWO, 20);
    bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf("pt")] = (byte) 0xff;
    return bytes;
  }

  private static String of(String type) {
    return "\"dtype\":\"" + type + "\",\"shape\":[2],\"data_offsets\":[0,8]";
  }

  private static String at(String shape, String offsets) {
    return "\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":" + offsets;
  }

  private static Arguments bad(String name, byte[] file, String fragment) {
    return argumentSet(name, file, fragment);
  }

  private static Arguments tensor(String name, String fragment, String properties) {
    return bad(name, file("{\"a\":{" + properties + "}}", 8), fragment);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void aBadFileIsRefusedForWhatIsWrong(byte[] file, String fragment) throws Throwable {
    refused(file, fragment); // loads classes
    long allocated = Allocations.of(() -> refused(file, fragment));
    assertTrue(allocated < 1 << 20, () -> file.length + " bytes allocate " + allocated);
  }

  private static void refused(byte[] file, String fragment) {
    var failure =
        assertThrows(
            ModelFormatException.class, () -> SafetensorsHeader.read(new MemorySource(file)));
    String message = failure.getMessage();
    assertTrue(message.startsWith("memory.gguf: "), message);
    assertTrue(message.contains(fragment), () -> "'" + message + "' lacks '" + fragment + "'");
  }

  @Test
  void everyPrefixIsAnError() {
    byte[] whole = file(TWO, 20);
    for (int length = 0; length < whole.length; length++) {
      var prefix = new MemorySource(Arrays.copyOf(whole, length));
      assertThrows(ModelFormatException.class, () -> SafetensorsHeader.read(prefix));
    }
  }

  @Test
  void everyFlippedBitIsHarmlessOrAnError() throws IOException {
    byte[] whole = file(TWO, 20);
    int refused = 0;
    for (int bit = 0; bit < 8 * (whole.length - 20); bit++) {
      byte[] damaged = whole.clone();
      damaged[bit / 8] ^= (byte) (1 << (bit % 8));
      try {
        SafetensorsHeader.read(new MemorySource(damaged));
      } catch (ModelFormatException _) {
        refused++;
      }
    }
    assertTrue(refused > whole.length, "only " + refused + " were refused");
  }
}
