package dev.educe.tokenizer;

import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Flag;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.MetadataValue.Texts;
import dev.educe.tokenizer.Vocabulary.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Writes a vocabulary of one's own in the keys of GGUF's tokenizer `llama`, as SentencePiece has
/// it: three tokens with a meaning, a token for each byte, then pieces, the earlier merged first.
public final class VocabularyWriter {
  private static final int UNKNOWN = 0;
  private static final int BOS = 1;
  private static final int EOS = 2;
  private static final int PIECES = 3 + 256; // the first piece's id

  private VocabularyWriter() {}

  /// The tokens that come before the pieces.
  ///
  /// @return a new list of 259, to add the pieces to, a space in them written `▁`
  public static List<String> beginning() {
    var tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int value = 0; value < 256; value++) {
      tokens.add("<0x%02X>".formatted(value));
    }
    return tokens;
  }

  /// Adds the keys `tokenizer.ggml.…`.
  ///
  /// @param tokens those of [#beginning()], then the pieces
  public static void addTo(Map<String, MetadataValue> metadata, List<String> tokens) {
    var kinds = new long[tokens.size()];
    var scores = new double[tokens.size()];
    for (int id = 0; id < kinds.length; id++) {
      kinds[id] = kind(id).ordinal();
      // Merges are made in the order of falling scores.
      scores[id] = id < PIECES ? 0 : PIECES - id;
    }
    metadata.put("tokenizer.ggml.model", new Text("llama"));
    metadata.put("tokenizer.ggml.pre", new Text("default"));
    metadata.put("tokenizer.ggml.tokens", new Texts(tokens));
    metadata.put("tokenizer.ggml.scores", new Numbers(false, scores));
    metadata.put("tokenizer.ggml.token_type", new Ints(IntType.INT32, kinds));
    metadata.put("tokenizer.ggml.unknown_token_id", new Int(IntType.UINT32, UNKNOWN));
    metadata.put("tokenizer.ggml.bos_token_id", new Int(IntType.UINT32, BOS));
    metadata.put("tokenizer.ggml.eos_token_id", new Int(IntType.UINT32, EOS));
    metadata.put("tokenizer.ggml.add_bos_token", new Flag(true));
    metadata.put("tokenizer.ggml.add_eos_token", new Flag(false));
  }

  private static Kind kind(int id) {
    return switch (id) {
      case UNKNOWN -> Kind.UNKNOWN;
      case BOS, EOS -> Kind.CONTROL;
      default -> id < PIECES ? Kind.BYTE : Kind.NORMAL;
    };
  }
}
