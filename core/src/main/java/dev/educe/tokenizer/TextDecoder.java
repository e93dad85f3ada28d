package dev.educe.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;

/// Turns the bytes of tokens into text as they come, and keeps the first bytes of a character until
/// the others are there: three at most.
final class TextDecoder implements Tokenizer.Decoder {
  private final IntFunction<byte[]> bytes;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private ByteBuffer kept = ByteBuffer.allocate(0); // the beginning of a character
  private boolean dropsSpace;

  /// @param bytes of a token; empty if it has no text
  /// @param dropsSpace whether the space that the text begins with is not part of it
  TextDecoder(IntFunction<byte[]> bytes, boolean dropsSpace) {
    this.bytes = bytes;
    this.dropsSpace = dropsSpace;
  }

  @Override
  public String next(int token) {
    byte[] added = bytes.apply(token);
    if (added.length == 0) {
      return "";
    }
    int from = dropsSpace && added[0] == ' ' ? 1 : 0;
    dropsSpace = false;
    var input = ByteBuffer.allocate(kept.remaining() + added.length - from);
    return decode(input.put(kept).put(added, from, added.length - from).flip(), false);
  }

  @Override
  public String finish() {
    String rest = decode(kept, true);
    utf8.reset();
    kept = ByteBuffer.allocate(0);
    return rest;
  }

  private String decode(ByteBuffer input, boolean last) {
    var text = CharBuffer.allocate(input.remaining()); // no byte becomes more than a char
    utf8.decode(input, text, last);
    if (last) {
      utf8.flush(text);
    }
    kept = input;
    return text.flip().toString();
  }
}
