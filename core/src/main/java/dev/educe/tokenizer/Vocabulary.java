package dev.educe.tokenizer;

import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The tokens of a checkpoint: how each is spelled, what it is, and the ids that mean something.
///
/// [VocabularyReader] makes it, and has checked it. Immutable.
final class Vocabulary {
  /// The spelling of a space in vocabularies that SentencePiece made: `▁`.
  static final char SPACE = '\u2581';

  /// What a token is, by the numbers of `tokenizer.ggml.token_type`.
  enum Kind {
    UNDEFINED,
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE
  }

  /// Ids with a meaning, where the checkpoint names them.
  ///
  /// @param ends the tokens that end generation
  record Roles(OptionalInt bos, OptionalInt eos, OptionalInt unknown, BitSet ends) {}

  private final List<String> pieces;
  private final Kind[] kinds;
  private final Map<String, Integer> ids;
  private final Roles roles;
  private final int[] byteTokens; // [256]; -1 where there is none

  Vocabulary(List<String> pieces, Kind[] kinds, Map<String, Integer> ids, Roles roles) {
    this.pieces = pieces;
    this.kinds = kinds;
    this.ids = ids;
    this.roles = roles;
    this.byteTokens = new int[256];
    var hex = HexFormat.of().withUpperCase();
    for (int value = 0; value < 256; value++) {
      byteTokens[value] = ids.getOrDefault("<0x" + hex.toHexDigits((byte) value) + ">", -1);
    }
  }

  int size() {
    return kinds.length;
  }

  /// @throws IndexOutOfBoundsException if there is no such token
  String piece(int token) {
    return pieces.get(token);
  }

  /// @throws IndexOutOfBoundsException if there is no such token
  Kind kind(int token) {
    return kinds[token];
  }

  Roles roles() {
    return roles;
  }

  /// The token of this spelling, of whatever kind.
  OptionalInt find(String piece) {
    Integer id = ids.get(piece);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /// The token that plain text of this spelling can become, or -1: never a control token, or a byte
  /// by its name.
  int textToken(String piece) {
    Integer id = ids.get(piece);
    if (id == null) {
      return -1;
    }
    return switch (kinds[id]) {
      case NORMAL, USER_DEFINED, UNUSED, UNDEFINED -> id;
      case UNKNOWN, CONTROL, BYTE -> -1;
    };
  }

  /// The token `<0x..>` of a byte, or -1 if there is none.
  int byteToken(int value) {
    return byteTokens[value & 0xff];
  }

  /// The value of a token spelled `<0x00>` to `<0xFF>`, or -1 if it is not.
  static int byteValue(String piece) {
    if (piece.length() != 6 || !piece.startsWith("<0x") || !piece.endsWith(">")) {
      return -1;
    }
    char high = piece.charAt(3);
    char low = piece.charAt(4);
    boolean hex = HexFormat.isHexDigit(high) && HexFormat.isHexDigit(low);
    return hex ? HexFormat.fromHexDigit(high) << 4 | HexFormat.fromHexDigit(low) : -1;
  }
}
