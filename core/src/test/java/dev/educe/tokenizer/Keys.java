package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.ModelFormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Metadata of small vocabularies, made key by key so that any of them can be wrong.
final class Keys {
  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  private final Map<String, MetadataValue> values = new LinkedHashMap<>();
  private final List<String> tokens = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<Long> types = new ArrayList<>();
  private final List<Double> scores = new ArrayList<>();
  private final List<String> merges = new ArrayList<>();

  /// A vocabulary of SentencePiece's: `<unk>`, `<s>`, `</s>`, the bytes if asked, and these pieces,
  /// the first with the highest score.
  static Keys sentencePiece(boolean bytes, String... pieces) {
    var keys = new Keys().set("tokenizer.ggml.model", "llama");
    keys.token("<unk>", UNKNOWN).token("<s>", CONTROL).token("</s>", CONTROL);
    for (int value = 0; bytes && value < 256; value++) {
      keys.token("<0x%02X>".formatted(value), BYTE);
    }
    for (String piece : pieces) {
      keys.token(piece, NORMAL);
    }
    return keys;
  }

  /// A byte-level vocabulary: all bytes, and what these merges make, the first of them first.
  static Keys byteLevel(String family, String... merges) {
    var keys = new Keys().set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", family);
    for (int value = 0; value < 256; value++) {
      keys.token(String.valueOf(ByteAlphabet.character(value)), NORMAL);
    }
    for (String merge : merges) {
      keys.token(merge.replace(" ", ""), NORMAL).merge(merge);
    }
    return keys;
  }

  /// Adds a token, unless it is there; its score is lower than those before.
  Keys token(String piece, long type) {
    if (ids.putIfAbsent(piece, tokens.size()) == null || piece.isEmpty()) {
      tokens.add(piece);
      types.add(type);
      scores.add((double) -tokens.size());
    }
    return this;
  }

  Keys merge(String line) {
    merges.add(line);
    return this;
  }

  Keys set(String key, MetadataValue value) {
    values.put(key, value);
    return this;
  }

  Keys set(String key, String value) {
    return set(key, new MetadataValue.Text(value));
  }

  Keys set(String key, long value) {
    return set(key, new MetadataValue.Int(IntType.INT64, value));
  }

  Keys set(String key, boolean value) {
    return set(key, new MetadataValue.Flag(value));
  }

  int id(String piece) {
    return ids.getOrDefault(piece, -1);
  }

  int[] ids(String... pieces) {
    return Arrays.stream(pieces).mapToInt(this::id).toArray();
  }

  Metadata metadata() {
    var all = new LinkedHashMap<String, MetadataValue>();
    all.put("tokenizer.ggml.tokens", new MetadataValue.Texts(tokens));
    all.put("tokenizer.ggml.token_type", ints(types));
    all.put("tokenizer.ggml.scores", numbers(scores));
    all.put("tokenizer.ggml.merges", new MetadataValue.Texts(merges));
    all.putAll(values);
    all.values().removeAll(Collections.singleton(NOTHING));
    return new Metadata("tiny.gguf", all);
  }

  Tokenizer tokenizer() throws ModelFormatException {
    return Tokenizer.of(metadata());
  }

  /// Takes a key away.
  Keys without(String key) {
    return set(key, NOTHING);
  }

  static MetadataValue ints(List<Long> values) {
    return new MetadataValue.Ints(
        IntType.INT32, values.stream().mapToLong(Long::longValue).toArray());
  }

  static MetadataValue numbers(List<Double> values) {
    return new MetadataValue.Numbers(
        false, values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static final MetadataValue NOTHING = new MetadataValue.Text("\0nothing");
}
