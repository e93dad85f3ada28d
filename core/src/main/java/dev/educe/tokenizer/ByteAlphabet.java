package dev.educe.tokenizer;

import java.util.Arrays;

/// GPT-2's way to spell bytes as printable characters: `Ġ` is a space, `Ċ` a line feed.
///
/// The 188 printable bytes of Latin-1 stand for themselves, the others in ascending order for the
/// characters from U+0100 on.
///
/// Source: openai/gpt-2, `encoder.py`, `bytes_to_unicode`.
final class ByteAlphabet {
  private static final char[] CHARACTERS = new char[256];
  private static final short[] BYTES = new short[324]; // -1 for characters not in the alphabet

  static {
    Arrays.fill(BYTES, (short) -1);
    char next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          value > ' ' && value < 0x7f || value > 0xa0 && value <= 0xff && value != 0xad;
      CHARACTERS[value] = printable ? (char) value : next++;
      BYTES[CHARACTERS[value]] = (short) value;
    }
  }

  private ByteAlphabet() {}

  /// The character that spells a byte.
  static char character(int value) {
    return CHARACTERS[value & 0xff];
  }

  /// The byte that a character spells, or -1 if it spells none.
  static int value(char character) {
    return character < BYTES.length ? BYTES[character] : -1;
  }
}
