package dev.educe.format;

import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// What stands before the tensors' bytes in a GGUF file, validated as a whole.
///
/// | bytes | field                                                                    |
/// |-------|--------------------------------------------------------------------------|
/// | 4     | `GGUF`                                                                   |
/// | 4     | version, 2 or 3                                                          |
/// | 8     | number of tensors                                                        |
/// | 8     | number of keys                                                           |
/// | …     | for each key its name, value type and value                              |
/// | …     | for each tensor its name, dimensions (innermost first), type and offset  |
/// | …     | zeros up to a multiple of `general.alignment`; offsets count from here   |
///
/// All integers are little endian; a string is its length in 8 bytes and then UTF-8. Keys and
/// tensor names that are not UTF-8 are errors; in other strings such bytes become U+FFFD, so that a
/// stray byte in a licence does not make a model useless. Bytes after the last tensor are ignored.
///
/// Source: ggml's `docs/gguf.md` and `gguf.cpp`.
record GgufHeader(int version, Metadata metadata, List<TensorEntry> tensors) {
  private static final int KEY_BYTES_MIN = 8 + 4 + 1; // name, type, value

  private static final int TENSOR_BYTES_MIN = 8 + 4 + 8 + 4 + 8; // name, dimensions, type, offset

  /// @throws ModelFormatException if this is not a valid GGUF file
  static GgufHeader read(ByteSource source) throws IOException {
    var input = new GgufInput(source);
    checkMagic(input, source);
    int version = readVersion(input);
    int tensors = readCount(input, "tensors", TENSOR_BYTES_MIN, GgufRules.TENSORS_MAX);
    int keys = readCount(input, "keys", KEY_BYTES_MIN, GgufRules.KEYS_MAX);
    var values = new MetadataReader(input).read(keys);
    int alignment = alignment(input, values);
    var entries = new TensorReader(input, alignment).read(tensors);
    return new GgufHeader(version, new Metadata(source.name(), values), entries);
  }

  private static void checkMagic(GgufInput input, ByteSource source) throws IOException {
    byte[] start = input.peek(ForeignFile.BYTES_MAX);
    var foreign = ForeignFile.recognize(start, source.length());
    if (foreign.isPresent()) {
      throw new ModelFormatException(source.name() + ": is " + foreign.get());
    }
    input.subject("the magic number");
    int magic = input.readInt();
    if (magic != GgufRules.MAGIC) {
      input.subject("the file");
      throw input.error(
          "does not begin with 'GGUF' but with the bytes %08x", Integer.reverseBytes(magic));
    }
  }

  private static int readVersion(GgufInput input) throws IOException {
    input.subject("the version");
    int version = input.readInt();
    if (version == 2 || version == 3) {
      return version;
    }
    int swapped = Integer.reverseBytes(version);
    if (swapped >= 1 && swapped <= 3) {
      throw input.error(
          "is %d in big-endian byte order; only little-endian files are read", swapped);
    }
    throw input.error(
        "is %s; the versions 2 and 3 are supported", Integer.toUnsignedString(version));
  }

  private static int readCount(GgufInput input, String things, int bytesMin, int countMax)
      throws IOException {
    input.subject("the number of " + things);
    long count = input.readLong();
    if (count < 0 || count > countMax) {
      throw input.error("is %s; at most %,d are read", Long.toUnsignedString(count), countMax);
    }
    if (count > input.remaining() / bytesMin) {
      throw input.error("is %,d, but only %,d bytes are left", count, input.remaining());
    }
    return (int) count;
  }

  private static int alignment(GgufInput input, Map<String, MetadataValue> values)
      throws ModelFormatException {
    var value = values.get(GgufRules.ALIGNMENT_KEY);
    if (value == null) {
      return GgufRules.ALIGNMENT_DEFAULT;
    }
    if (value instanceof Int(var type, var alignment)
        && type == IntType.UINT32
        && GgufRules.isAlignment(alignment)) {
      return (int) alignment;
    }
    input.subject("the key '" + GgufRules.ALIGNMENT_KEY + "'");
    throw input.error(
        "must be a uint32, a power of two from %,d to %,d, found %s",
        GgufRules.ALIGNMENT_MIN, GgufRules.ALIGNMENT_MAX, value.describe());
  }
}
