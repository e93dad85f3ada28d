package dev.educe.cli.make;

import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Flag;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.MetadataValue.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A SentencePiece vocabulary of invented pieces: three special tokens, 256 bytes, the printable
/// ASCII characters, then strings of letters, shorter ones first, so that each piece can be merged
/// from two that are there.
final class SyntheticVocabulary {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int BYTE = 6;

  /// How SentencePiece writes a space.
  private static final String SPACE = "▁";

  private SyntheticVocabulary() {}

  /// Adds the keys `tokenizer.ggml.…`.
  ///
  /// @param size how many tokens, from 360 to 500,000
  static void addTo(Map<String, MetadataValue> metadata, int size) {
    var pieces = pieces(size);
    int bytesEnd = 3 + 256;
    var types = new long[size];
    var scores = new double[size];
    for (int id = 0; id < size; id++) {
      types[id] = id == 0 ? UNKNOWN : id < 3 ? CONTROL : id < bytesEnd ? BYTE : NORMAL;
      // As SentencePiece has it: merges are made in the order of descending scores.
      scores[id] = id < bytesEnd ? 0 : bytesEnd - id;
    }
    metadata.put("tokenizer.ggml.model", new Text("llama"));
    metadata.put("tokenizer.ggml.pre", new Text("default"));
    metadata.put("tokenizer.ggml.tokens", new Texts(pieces));
    metadata.put("tokenizer.ggml.scores", new Numbers(false, scores));
    metadata.put("tokenizer.ggml.token_type", new Ints(IntType.INT32, types));
    metadata.put("tokenizer.ggml.unknown_token_id", new Int(IntType.UINT32, 0));
    metadata.put("tokenizer.ggml.bos_token_id", new Int(IntType.UINT32, 1));
    metadata.put("tokenizer.ggml.eos_token_id", new Int(IntType.UINT32, 2));
    metadata.put("tokenizer.ggml.add_bos_token", new Flag(true));
    metadata.put("tokenizer.ggml.add_eos_token", new Flag(false));
  }

  private static List<String> pieces(int size) {
    var pieces = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int value = 0; value < 256; value++) {
      pieces.add("<0x%02X>".formatted(value));
    }
    pieces.add(SPACE);
    for (char c = '!'; c <= '~'; c++) {
      pieces.add(String.valueOf(c));
    }
    List<String> shorter = List.of("");
    while (true) {
      var longer = new ArrayList<String>();
      for (String prefix : shorter) {
        for (char c = 'a'; c <= 'z'; c++) {
          longer.add(prefix + c);
        }
      }
      for (String start : List.of("", SPACE)) {
        for (String letters : longer) {
          if (letters.length() == 1 && start.isEmpty()) {
            continue; // among the printable characters
          }
          if (pieces.size() == size) {
            return pieces;
          }
          pieces.add(start + letters);
        }
      }
      shorter = longer;
    }
  }
}
