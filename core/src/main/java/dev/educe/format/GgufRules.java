package dev.educe.format;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;

/// The limits of GGUF files that reader and writer share.
///
/// What the specification leaves open is bounded here by what real files need, with room: each
/// limit is there so that a hostile file is refused before it costs anything.
final class GgufRules {
  static final int MAGIC = 0x46554747; // "GGUF", read as little endian
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int ALIGNMENT_DEFAULT = 32;
  static final int ALIGNMENT_MIN = 8;
  static final int ALIGNMENT_MAX = 1 << 16;

  /// The specification's limit.
  static final int KEY_BYTES_MAX = (1 << 16) - 1;

  /// ggml's limit, `GGML_MAX_NAME` less the terminating zero.
  static final int TENSOR_NAME_BYTES_MAX = 63;

  /// The largest models have some ten thousand tensors and a hundred keys.
  static final int KEYS_MAX = 1 << 16;

  static final int TENSORS_MAX = 1 << 16;

  /// Sixty times the largest vocabulary known.
  static final int ARRAY_ELEMENTS_MAX = 1 << 24;

  /// Arrays within arrays; real files have none.
  static final int ARRAY_DEPTH_MAX = 4;

  /// Ten times the largest vocabulary with merges known. What makes a file longer is its tensors.
  static final long HEADER_BYTES_MAX = 1 << 27;

  private GgufRules() {}

  static boolean isAlignment(long value) {
    return value >= ALIGNMENT_MIN && value <= ALIGNMENT_MAX && Long.bitCount(value) == 1;
  }

  /// The next multiple of a power of two; `value` is at least that far from the end of the longs.
  static long align(long value, long alignment) {
    return (value + alignment - 1) & -alignment;
  }

  /// What is wrong with a key or a tensor's name, if anything, to follow "the name".
  static Optional<String> nameProblem(String name, int bytesMax) {
    if (name.isEmpty()) {
      return Optional.of("must not be empty");
    }
    boolean ascii = true;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (Character.isISOControl(c)) {
        return Optional.of("must have no control characters, found %#04x".formatted((int) c));
      }
      ascii &= c < 0x80;
    }
    int bytes = ascii ? name.length() : name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > bytesMax) {
      return Optional.of(
          String.format(Locale.ROOT, "must have at most %,d bytes, found %,d", bytesMax, bytes));
    }
    // Two names that look the same must be the same.
    if (!ascii && !Normalizer.isNormalized(name, Normalizer.Form.NFC)) {
      return Optional.of("must be in Unicode normal form C");
    }
    return Optional.empty();
  }
}
