package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.educe.tensor.DType;
import dev.educe.testing.Allocations;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Files that are wrong in one place each: what the message must say of them.
class GgufBadFilesTest {
  private static final long MIN = Long.MIN_VALUE;

  @ParameterizedTest
  @MethodSource({"starts", "counts", "keys", "arrays", "alignments", "tensors", "layouts"})
  void aBadFileIsRefusedForWhatIsWrong(RawGguf file, List<String> fragments) throws Throwable {
    byte[] bytes = file.bytes();
    refused(bytes, fragments); // loads classes
    long allocated = Allocations.of(() -> refused(bytes, fragments));
    assertTrue(
        allocated < 1 << 20,
        () -> bytes.length + " bytes of file made the reader allocate " + allocated);
  }

  private static void refused(byte[] bytes, List<String> fragments) {
    var failure =
        assertThrows(ModelFormatException.class, () -> GgufHeader.read(new MemorySource(bytes)));
    String message = failure.getMessage();
    assertTrue(message.startsWith("memory.gguf: "), message);
    for (String fragment : fragments) {
      assertTrue(message.contains(fragment), () -> "'" + message + "' lacks '" + fragment + "'");
    }
  }

  private static Arguments bad(String name, RawGguf file, String... fragments) {
    return argumentSet(name, file, List.of(fragments));
  }

  static Stream<Arguments> starts() {
    return Stream.of(
        bad("empty", new RawGguf(), "is empty"),
        bad("one byte", new RawGguf().ascii("G"), "the magic number", "3 more than the file has"),
        bad("magic only", new RawGguf().ascii("GGUF"), "the version", "4 more than the file has"),
        bad("another magic", new RawGguf().ascii("WHAT").zeros(60), "'GGUF'", "57484154"),
        bad("zip", new RawGguf().ascii("PK\3\4").zeros(60), "is a zip archive"),
        bad("pickle", new RawGguf().ascii("\u0080\2}q\0").zeros(60), "is a Python pickle"),
        bad("PNG", new RawGguf().ascii("\u0089PNG\r\n\32\n").zeros(60), "is a PNG image"),
        bad("web page", new RawGguf().ascii("\n<!DOCTYPE html><html>"), "is a web page"),
        bad("web page, plain", new RawGguf().ascii("<HTML><body>"), "is a web page"),
        bad(
            "Git LFS pointer",
            new RawGguf().ascii("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"),
            "is a Git LFS pointer",
            "git lfs pull"),
        bad("safetensors", new RawGguf().u64(40).ascii("{\"a\":{\"dtype\":"), "a safetensors file"),
        bad("JSON", new RawGguf().ascii("{\"model_type\": \"llama\"}"), "is a JSON text"),
        bad("gzip", new RawGguf().ascii("\u001f\u008b\10").zeros(30), "compressed with gzip"),
        bad("ggml", new RawGguf().ascii("tjgg").u32(3), "older than GGUF"),
        bad("swapped magic", new RawGguf().ascii("FUGG").u32(3).zeros(60), "big-endian"),
        bad("zeros", new RawGguf().zeros(4096), "filled with zeros"),
        bad("version 0", version(0), "the version is 0", "2 and 3 are supported"),
        bad("version 1", version(1), "the version is 1", "2 and 3 are supported"),
        bad("version 4", version(4), "the version is 4", "2 and 3 are supported"),
        bad("version 2^31", version(1L << 31), "is 2147483648", "2 and 3 are supported"),
        bad("byte-swapped", version(3 << 24), "is 3 in big-endian byte order"));
  }

  private static RawGguf version(long version) {
    return new RawGguf().ascii("GGUF").u32(version).u64(0).u64(0);
  }

  static Stream<Arguments> counts() {
    return Stream.of(
        bad("2^16+1 keys", RawGguf.of(0, 65_537), "the number of keys is 65537"),
        bad("2^31 keys", RawGguf.of(0, 1L << 31), "the number of keys is 2147483648"),
        bad("2^63 keys", RawGguf.of(0, MIN), "the number of keys is 9223372036854775808"),
        bad("-1 keys", RawGguf.of(0, -1), "the number of keys is 18446744073709551615"),
        bad("a key too many", RawGguf.of(0, 1), "the number of keys is 1", "0 bytes are left"),
        bad("2^16+1 tensors", RawGguf.of(65_537, 0), "the number of tensors is 65537"),
        bad("2^63 tensors", RawGguf.of(MIN, 0), "the number of tensors is 9223372036854775808"),
        bad("-1 tensors", RawGguf.of(-1, 0), "the number of tensors is 18446744073709551615"),
        bad("a tensor too many", RawGguf.of(1, 0), "the number of tensors is 1", "8 bytes are"));
  }

  static Stream<Arguments> keys() {
    return Stream.of(
        bad("duplicate", key("a", "b", "a"), "the key 'a' is there twice"),
        bad("empty", key(""), "the key 1 of 1 has a name that must not be empty"),
        bad("64 KiB", key("k".repeat(1 << 16)), "at most 65,535 bytes, found 65,536"),
        bad("NUL", key("ab\0c"), "no control characters, found 0x00"),
        bad("newline", key("ab\nc"), "no control characters, found 0x0a"),
        bad("not normal", key("e\u0301"), "Unicode normal form C"),
        bad(
            "not UTF-8",
            RawGguf.of(0, 1).u64(3).put((byte) 0xf0, (byte) 0x9f, (byte) 0x98).u32(4).u32(1),
            "the key 1 of 1 has a name that is not UTF-8"),
        bad("length 2^63", RawGguf.of(0, 1).u64(MIN).zeros(64), "a string of 9223372036854775808"),
        bad("length -1", RawGguf.of(0, 1).u64(-1).zeros(64), "a string of 18446744073709551615"),
        bad("type 13", RawGguf.of(0, 1).key("a", 13).zeros(64), "'a' has the value type 13"),
        bad("type -1", RawGguf.of(0, 1).key("a", -1).zeros(64), "the value type 4294967295"),
        bad("bool 2", RawGguf.of(0, 1).key("a", 7).u8(2), "'a' holds the bool 2"),
        bad("string beyond the end", text(65), "'a' holds a string of 65 bytes", "64 are left"),
        bad("string of 2^20+1", text((1 << 20) + 1), "a string of 1048577 bytes", "64 are left"),
        bad("string of 2^31", text(1L << 31), "a string of 2147483648 bytes"),
        bad("string of 2^63", text(MIN), "a string of 9223372036854775808 bytes"),
        bad("cut value", RawGguf.of(0, 1).key("a", 10).u32(1), "'a' needs 8 bytes", "4 more than"));
  }

  private static RawGguf key(String... names) {
    var file = RawGguf.of(0, names.length);
    for (String name : names) {
      file.key(name, RawGguf.UINT32).u32(7);
    }
    return file;
  }

  private static RawGguf text(long length) {
    return RawGguf.of(0, 1).key("a", RawGguf.STRING).u64(length).zeros(64);
  }

  static Stream<Arguments> arrays() {
    var millionDeep = RawGguf.of(0, 1).key("a", RawGguf.ARRAY);
    IntStream.range(0, 1_000_000).forEach(_ -> millionDeep.array(RawGguf.ARRAY, 1));
    return Stream.of(
        bad("2^20+1", array(4, (1 << 20) + 1), "'a' holds an array of 1048577 elements", "uint32"),
        bad("2^31", array(0, 1L << 31), "an array of 2147483648 elements", "64 bytes are left"),
        bad("2^63", array(0, MIN), "an array of 9223372036854775808 elements"),
        bad("2^62 x 8 bytes", array(10, 1L << 62), "an array of 4611686018427387904 elements"),
        bad("2^32 empty strings", array(8, 1L << 32), "an array of 4294967296 elements", "string"),
        bad("2^32 empty arrays", array(9, 1L << 32), "an array of 4294967296 elements", "array"),
        bad("one too many", array(0, 65), "an array of 65 elements", "64 bytes are left"),
        bad("strings that end", array(8, 8, 1), "'a' needs 8 bytes", "1 more than the file has"),
        bad("type 13", array(13, 1), "the value type 13"),
        bad("bool 3", array(7, 1, 3), "'a' holds the bool 3"),
        bad("5 deep", nested(5), "nests arrays deeper than 4"),
        bad("1,000,000 deep", millionDeep, "nests arrays deeper than 4"));
  }

  private static RawGguf array(int type, long count, int... bytes) {
    var file = RawGguf.of(0, 1).key("a", RawGguf.ARRAY).array(type, count);
    Arrays.stream(bytes).forEach(file::u8);
    return file.zeros(64 - bytes.length);
  }

  private static RawGguf nested(int depth) {
    var file = RawGguf.of(0, 1).key("a", RawGguf.ARRAY);
    IntStream.range(1, depth).forEach(_ -> file.array(RawGguf.ARRAY, 1));
    return file.array(RawGguf.UINT32, 1).u32(7);
  }

  static Stream<Arguments> alignments() {
    String must = "'general.alignment' must be a uint32, a power of two from 8 to 65,536, found ";
    return Stream.of(
        bad("0", alignment(UINT32, 0), must + "uint32 0"),
        bad("1", alignment(UINT32, 1), must + "uint32 1"),
        bad("3", alignment(UINT32, 3), must + "uint32 3"),
        bad("4", alignment(UINT32, 4), must + "uint32 4"),
        bad("48", alignment(UINT32, 48), must + "uint32 48"),
        bad("2^17", alignment(UINT32, 1 << 17), must + "uint32 131072"),
        bad("2^31", alignment(UINT32, 1L << 31), must + "uint32 2147483648"),
        bad("int32", alignment(5, 32), must + "int32 32"),
        bad("float32", alignment(6, Float.floatToIntBits(32)), must + "float32 32.0"),
        bad("string", alignment(8, 2).u32(0).ascii("32"), must + "string \"32\""),
        bad("array", alignment(9, 4).u64(1).u32(32), must + "an array of 1 uint32"),
        bad(
            "twice",
            RawGguf.of(0, 2)
                .key("general.alignment", UINT32)
                .u32(32)
                .key("general.alignment", UINT32)
                .u32(32),
            "'general.alignment' is there twice"));
  }

  private static final int UINT32 = RawGguf.UINT32;

  private static RawGguf alignment(int type, long value) {
    return RawGguf.of(0, 1).key("general.alignment", type).u32(value);
  }

  static Stream<Arguments> tensors() {
    return Stream.of(
        bad("no name", tensor("", 0, 0, 8), "has a name that must not be empty"),
        bad("64 bytes", tensor("n".repeat(64), 0, 0, 8), "at most 63 bytes, found 64"),
        bad("64 KiB", tensor("n".repeat(1 << 16), 0, 0, 8), "at most 63 bytes, found 65,536"),
        bad("NUL", tensor("a\0", 0, 0, 8), "no control characters, found 0x00"),
        bad("not normal", tensor("A\u030a", 0, 0, 8), "Unicode normal form C"),
        bad("no dimensions", tensor("x", 0, 0), "'x' has 0 dimensions; there must be 1 to 4"),
        bad("5 dimensions", tensor("x", 0, 0, 1, 1, 1, 1, 1), "'x' has 5 dimensions"),
        bad("dimension 0", tensor("x", 0, 0, 8, 0), "'x' has a dimension of 0"),
        bad("dimension -1", tensor("x", 0, 0, 8, -1), "a dimension of 18446744073709551615"),
        bad("2^63 elements", tensor("x", 24, 0, 1L << 32, 1L << 31), "'x' overflows", "[2147"),
        bad("2^64 elements", tensor("x", 24, 0, 1L << 32, 1L << 32), "'x' overflows"),
        bad("2^64+small", tensor("x", 0, 0, (1L << 42) + 1, 1L << 22), "'x' overflows"),
        bad("2^64 in four", tensor("x", 0, 0, 32, 1L << 30, 1L << 29, 2), "'x' overflows"),
        bad("2^63 bytes", tensor("x", 0, 0, 1L << 61), "'x' overflows"),
        bad("half a block", tensor("x", 2, 0, 48), "'x' has rows of 48 elements; Q4_0 needs"),
        bad("retired type", tensor("x", 31, 0, 8), "the element type 31, which is retired"),
        bad("unknown type", tensor("x", 99, 0, 8), "the element type 99, which is not known"),
        bad("type -1", tensor("x", -1, 0, 8), "the element type 4294967295"),
        bad("unaligned", tensor("x", 0, 4, 8), "'x' has the offset 4; it must be a multiple of 32"),
        bad("offset -32", tensor("x", 0, -32, 8), "the offset 18446744073709551584"),
        bad("past the end", tensor("x", 0, 4096, 8), "'x' has 32 bytes from offset 4,096 of the"),
        bad("end beyond by 4", tensor("x", 0, 0, 65), "260 bytes from offset 0", "ends at 256"),
        bad("offset near 2^63", tensor("x", 0, MIN - 32, 8), "from offset 9,223,372,036,854,775,7"),
        bad("1 TB", tensor("x", 0, 0, 1L << 38), "1,099,511,627,776 bytes", "not complete"),
        bad("2^63-4 bytes", tensor("x", 0, 0, (1L << 61) - 1), "9,223,372,036,854,775,804 bytes"));
  }

  private static RawGguf tensor(String name, int type, long offset, long... dimensions) {
    return RawGguf.of(1, 0).tensor(name, type, offset, dimensions).pad(32).zeros(256);
  }

  static Stream<Arguments> layouts() {
    return Stream.of(
        bad("twice", two("x", 0, "x", 32), "the tensor 'x' is there twice"),
        bad("same place", two("x", 0, "y", 0), "'y' overlaps the tensor 'x'"),
        bad("within", two("x", 0, "y", 32, 16), "'y' overlaps the tensor 'x'", "expected 64"),
        bad("gap", two("x", 0, "y", 64), "'y' begins at offset 64 of the data, expected 32"),
        bad("gap at the start", two("x", 32, "y", 64), "'x' begins at offset 32", "expected 0"),
        bad("without its bytes", RawGguf.of(1, 0).tensor("x", 0, 0, 8), "the data ends at 0"));
  }

  private static RawGguf two(String first, long at, String second, long secondAt, long... size) {
    long elements = size.length == 0 ? 8 : size[0];
    return RawGguf.of(2, 0)
        .tensor(first, RawGguf.F32, at, elements)
        .tensor(second, RawGguf.F32, secondAt, elements)
        .pad(32)
        .zeros(256);
  }

  /// Every type with rows that are not whole blocks.
  @Test
  void rowsHoldWholeBlocks() {
    for (var type : DType.values()) {
      if (type.isQuantized()) {
        for (long columns : new long[] {1, type.blockSize() - 1, type.blockSize() + 1}) {
          refused(
              tensor("x", type.id(), 0, columns).bytes(),
              List.of("'x' has rows of " + columns + " elements; " + type));
        }
      }
    }
  }

  /// Every number that is not a type's.
  @Test
  void unknownTypesAreRefused() {
    IntStream.range(-2, 300)
        .filter(id -> DType.ofId(id).isEmpty())
        .forEach(id -> refused(tensor("x", id, 0, 256).bytes(), List.of("the element type")));
  }

  /// The end of the last tensor and the end of the file, a byte to each side.
  @Test
  void theLastByteCounts() throws IOException {
    byte[] whole = RawGguf.of(1, 0).tensor("x", RawGguf.F32, 0, 10).pad(32).zeros(40).bytes();
    assertEquals(40, GgufHeader.read(new MemorySource(whole)).tensors().getFirst().bytes());
    refused(Arrays.copyOf(whole, whole.length - 1), List.of("the data ends at 39"));
    // What follows the last tensor is no business of ours.
    GgufHeader.read(new MemorySource(Arrays.copyOf(whole, whole.length + 1)));
  }
}
