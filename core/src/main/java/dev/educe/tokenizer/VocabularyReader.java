package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.tokenizer.Vocabulary.Kind;
import dev.educe.tokenizer.Vocabulary.Roles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Reads and checks the keys `tokenizer.ggml.*` of a checkpoint.
final class VocabularyReader {
  static final String TOKENS = "tokenizer.ggml.tokens";
  static final String SCORES = "tokenizer.ggml.scores";
  static final String TYPES = "tokenizer.ggml.token_type";
  static final String BOS = "tokenizer.ggml.bos_token_id";
  static final String EOS = "tokenizer.ggml.eos_token_id";
  static final String UNKNOWN = "tokenizer.ggml.unknown_token_id";

  /// Longer than any in use: finding special tokens costs this much for each place of a text.
  static final int SPECIAL_LENGTH_MAX = 256;

  private static final Kind[] KINDS = Kind.values();

  private final Metadata metadata;
  private final List<String> pieces;
  private final Map<String, Integer> ids;

  private VocabularyReader(Metadata metadata) throws ModelFormatException {
    this.metadata = metadata;
    this.pieces =
        metadata
            .findStrings(TOKENS)
            .orElseThrow(() ->
                new ModelFormatException(
                    "%s: the metadata key '%s' is missing, so there is no vocabulary"
                        .formatted(metadata.source(), TOKENS)));
    this.ids = ids();
  }

  /// @param sentencePiece whether tokens 0, 1 and 2 are unknown, BOS and EOS where no key says so
  /// @throws ModelFormatException if the vocabulary is damaged
  static Vocabulary read(Metadata metadata, boolean sentencePiece) throws ModelFormatException {
    var reader = new VocabularyReader(metadata);
    var bos = reader.role(BOS, sentencePiece ? 1 : -1);
    var eos = reader.role(EOS, sentencePiece ? 2 : -1);
    var unknown = reader.role(UNKNOWN, sentencePiece ? 0 : -1);
    var kinds = reader.kinds(bos, eos, unknown);
    var ends = EndTokens.of(reader.ids, kinds, reader::find);
    eos.ifPresent(ends::set);
    return new Vocabulary(reader.pieces, kinds, reader.ids, new Roles(bos, eos, unknown, ends));
  }

  /// One score for each token: higher is merged earlier.
  ///
  /// @throws ModelFormatException if there is not one for each, or one is not a number
  static float[] scores(Metadata metadata, int tokens) throws ModelFormatException {
    var value = metadata.find(SCORES);
    if (value.isEmpty()) {
      return new float[tokens];
    }
    float[] scores =
        value.get() instanceof MetadataValue.Ints ints
            ? floats(ints.values())
            : metadata.findFloats(SCORES).orElseThrow();
    requireOnePerToken(metadata, SCORES, scores.length, tokens);
    for (int token = 0; token < tokens; token++) {
      if (Float.isNaN(scores[token])) {
        throw metadata.invalid(SCORES, "numbers", "NaN for token " + token);
      }
    }
    return scores;
  }

  private Map<String, Integer> ids() throws ModelFormatException {
    if (pieces.isEmpty()) {
      throw metadata.invalid(TOKENS, "a list of tokens", "an empty one");
    }
    var map = HashMap.<String, Integer>newHashMap(pieces.size());
    for (int token = 0; token < pieces.size(); token++) {
      String piece = pieces.get(token);
      if (piece.isEmpty()) {
        continue; // holds a place; no text becomes it
      }
      Integer other = map.putIfAbsent(piece, token);
      if (other != null) {
        throw metadata.invalid(
            TOKENS,
            "a list of different tokens",
            "'%s' as %d and as %d".formatted(ModelFormatException.excerpt(piece), other, token));
      }
    }
    return map;
  }

  private Kind[] kinds(OptionalInt bos, OptionalInt eos, OptionalInt unknown)
      throws ModelFormatException {
    var kinds = new Kind[pieces.size()];
    var types = metadata.findIntegers(TYPES);
    if (types.isPresent()) {
      requireOnePerToken(metadata, TYPES, types.get().length, kinds.length);
    }
    for (int token = 0; token < kinds.length; token++) {
      kinds[token] =
          types.isPresent()
              ? kind(types.get()[token])
              : Vocabulary.byteValue(pieces.get(token)) >= 0 ? Kind.BYTE : Kind.NORMAL;
      if (isSpecial(kinds[token]) && pieces.get(token).length() > SPECIAL_LENGTH_MAX) {
        throw metadata.invalid(
            TOKENS,
            "a list where special tokens have at most %d characters".formatted(SPECIAL_LENGTH_MAX),
            "%,d in token %d".formatted(pieces.get(token).length(), token));
      }
      if (kinds[token] == Kind.BYTE && Vocabulary.byteValue(pieces.get(token)) < 0) {
        throw metadata.invalid(
            TOKENS,
            "a list where byte tokens are spelled <0x00> to <0xFF>",
            "'%s' as %d".formatted(ModelFormatException.excerpt(pieces.get(token)), token));
      }
    }
    if (types.isEmpty()) {
      unknown.ifPresent(token -> kinds[token] = Kind.UNKNOWN);
      bos.ifPresent(token -> kinds[token] = Kind.CONTROL);
      eos.ifPresent(token -> kinds[token] = Kind.CONTROL);
    }
    return kinds;
  }

  private static boolean isSpecial(Kind kind) {
    return kind == Kind.CONTROL || kind == Kind.USER_DEFINED || kind == Kind.UNKNOWN;
  }

  private static Kind kind(long type) {
    return type >= 0 && type < KINDS.length ? KINDS[(int) type] : Kind.UNDEFINED;
  }

  private OptionalInt role(String key, int otherwise) throws ModelFormatException {
    var found = find(key);
    return found.isPresent() || metadata.find(key).isPresent() || otherwise < 0
        ? found
        : otherwise < pieces.size() ? OptionalInt.of(otherwise) : OptionalInt.empty();
  }

  /// The id that a key names; some writers say -1 for none.
  private OptionalInt find(String key) throws ModelFormatException {
    OptionalLong id = metadata.findInteger(key);
    if (id.isEmpty() || id.getAsLong() == -1 || id.getAsLong() == 0xffff_ffffL) {
      return OptionalInt.empty();
    }
    if (id.getAsLong() < 0 || id.getAsLong() >= pieces.size()) {
      throw metadata.invalid(
          key, "a token below %,d".formatted(pieces.size()), "%d".formatted(id.getAsLong()));
    }
    return OptionalInt.of((int) id.getAsLong());
  }

  private static void requireOnePerToken(Metadata metadata, String key, int count, int tokens)
      throws ModelFormatException {
    if (count != tokens) {
      throw metadata.invalid(
          key, "an array of %,d, one for each token".formatted(tokens), "%,d".formatted(count));
    }
  }

  private static float[] floats(long[] values) {
    var floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values[i];
    }
    return floats;
  }
}
