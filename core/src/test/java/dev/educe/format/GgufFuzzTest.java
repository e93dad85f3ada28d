package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.educe.testing.Allocations;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever the bytes are: the reader takes them or throws a [ModelFormatException], and allocates
/// no more than a multiple of their number.
@Tag("fuzz")
class GgufFuzzTest {
  /// What a file may cost beyond its own bytes: the buffer and a message.
  private static final int ALLOWANCE = 1 << 17;

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "10s")
  void anyBytes(byte[] file) throws Throwable {
    read(file);
  }

  static Stream<byte[]> seeds() {
    return Stream.of(template().bytes());
  }

  /// A valid file with some of its numbers changed, most often to one that hurts, and perhaps cut.
  @FuzzTest(maxDuration = "10s")
  void aValidFileWithWrongNumbers(FuzzedDataProvider data) throws Throwable {
    var template = template();
    byte[] file = template.bytes();
    List<RawGguf.Field> fields = template.fields();
    for (int edits = data.consumeInt(1, 6); edits > 0; edits--) {
      var field = fields.get(data.consumeInt(0, fields.size() - 1));
      long value = number(data, file.length);
      for (int i = 0; i < field.bytes(); i++) {
        file[field.offset() + i] = (byte) (value >> (8 * i));
      }
    }
    int length = data.consumeBoolean() ? file.length : data.consumeInt(0, file.length);
    read(Arrays.copyOf(file, length));
  }

  private static long number(FuzzedDataProvider data, int fileBytes) {
    return switch (data.consumeInt(0, 5)) {
      case 0 -> data.consumeInt(0, 16);
      case 1 -> fileBytes + data.consumeInt(-64, 64);
      case 2 -> (1L << data.consumeInt(0, 63)) + data.consumeInt(-2, 2);
      case 3 -> -data.consumeInt(1, 64);
      case 4 -> Long.MAX_VALUE / data.consumeInt(1, 256);
      default -> data.consumeLong();
    };
  }

  private static void read(byte[] file) throws Throwable {
    long allocated = Allocations.of(() -> tryRead(file));
    if (allocated > 64L * file.length + ALLOWANCE) {
      // The first read of a kind also loads classes.
      long again = Allocations.of(() -> tryRead(file));
      assertTrue(
          again <= 64L * file.length + ALLOWANCE,
          () -> "allocated " + again + " for " + file.length);
    }
  }

  private static void tryRead(byte[] file) throws IOException {
    try {
      check(GgufHeader.read(new MemorySource(file)), file.length);
    } catch (ModelFormatException e) {
      assertTrue(e.getMessage().startsWith("memory.gguf: "), e.getMessage());
    }
  }

  private static void check(GgufHeader header, int fileBytes) throws IOException {
    for (var tensor : header.tensors()) {
      long rowBytes = tensor.type().rowBytes(tensor.shape().columns());
      assertTrue(tensor.bytes() == tensor.shape().rows() * rowBytes, tensor::toString);
      assertTrue(tensor.offset() > 0 && tensor.bytes() > 0, tensor::toString);
      assertTrue(tensor.offset() + tensor.bytes() <= fileBytes, tensor::toString);
    }
    for (String key : header.metadata().keys()) {
      assertTrue(!header.metadata().find(key).get().describe().isEmpty(), key);
    }
  }

  private static RawGguf template() {
    return RawGguf.of(3, 9)
        .key("general.alignment", RawGguf.UINT32)
        .u32(16)
        .key("a.text", RawGguf.STRING)
        .string("some text")
        .key("a.bool", 7)
        .u8(1)
        .key("a.long", 10)
        .u64(1L << 40)
        .key("bytes", RawGguf.ARRAY)
        .array(0, 4)
        .zeros(4)
        .key("texts", RawGguf.ARRAY)
        .array(RawGguf.STRING, 3)
        .string("")
        .string("b")
        .string("€")
        .key("floats", RawGguf.ARRAY)
        .array(6, 2)
        .zeros(8)
        .key("nested", RawGguf.ARRAY)
        .array(RawGguf.ARRAY, 2)
        .array(7, 1)
        .u8(0)
        .array(RawGguf.ARRAY, 1)
        .array(12, 1)
        .zeros(8)
        .key("empty", RawGguf.ARRAY)
        .array(RawGguf.STRING, 0)
        .tensor("blk.0.attn_q.weight", 2, 0, 32, 2) // Q4_0: 36 bytes
        .tensor("blk.0.norm.weight", 0, 48, 4) // F32: 16 bytes
        .tensor("blk.0.ffn.weight", 1, 64, 2, 2, 2, 2) // F16: 32 bytes
        .pad(16)
        .zeros(96);
  }
}
