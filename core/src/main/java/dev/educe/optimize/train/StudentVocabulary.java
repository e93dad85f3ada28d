package dev.educe.optimize.train;

import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Flag;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.MetadataValue.Texts;
import dev.educe.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/// A vocabulary of a student's own, in the keys of GGUF's tokenizer `llama`: three tokens with a
/// meaning, a token for each byte, then the learned pieces.
final class StudentVocabulary {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int BYTE = 6;
  private static final int BYTES_END = 3 + 256;

  private StudentVocabulary() {}

  /// Adds the keys of a vocabulary learned from texts. Its pieces are the teacher's, too, so that a
  /// student's token never says more than one of the teacher's, and every distribution carries
  /// over.
  ///
  /// @param size tokens in all; fewer where the texts do not have as many pieces
  static void addTo(
      Map<String, MetadataValue> metadata, List<String> texts, int size, Tokenizer teacher) {
    var known = new HashSet<String>();
    for (int token = 0; token < teacher.vocabularySize(); token++) {
      known.add(new String(teacher.bytes(token), StandardCharsets.UTF_8));
    }
    var tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int value = 0; value < 256; value++) {
      tokens.add("<0x%02X>".formatted(value));
    }
    tokens.addAll(
        PieceTrainer.learn(
            texts, size - BYTES_END, piece -> known.contains(piece.replace('▁', ' '))));
    var types = new long[tokens.size()];
    var scores = new double[tokens.size()];
    for (int id = 0; id < types.length; id++) {
      types[id] = id == 0 ? UNKNOWN : id < 3 ? CONTROL : id < BYTES_END ? BYTE : NORMAL;
      // As SentencePiece has it: merges are made in the order of falling scores.
      scores[id] = id < BYTES_END ? 0 : BYTES_END - id;
    }
    metadata.put("tokenizer.ggml.model", new Text("llama"));
    metadata.put("tokenizer.ggml.pre", new Text("default"));
    metadata.put("tokenizer.ggml.tokens", new Texts(tokens));
    metadata.put("tokenizer.ggml.scores", new Numbers(false, scores));
    metadata.put("tokenizer.ggml.token_type", new Ints(IntType.INT32, types));
    metadata.put("tokenizer.ggml.unknown_token_id", new Int(IntType.UINT32, 0));
    metadata.put("tokenizer.ggml.bos_token_id", new Int(IntType.UINT32, 1));
    metadata.put("tokenizer.ggml.eos_token_id", new Int(IntType.UINT32, 2));
    metadata.put("tokenizer.ggml.add_bos_token", new Flag(true));
    metadata.put("tokenizer.ggml.add_eos_token", new Flag(false));
    metadata.put("tokenizer.ggml.add_space_prefix", new Flag(true));
  }
}
