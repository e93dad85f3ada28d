package dev.educe.optimize.train;

import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Flag;
import dev.educe.tokenizer.Tokenizer;
import dev.educe.tokenizer.VocabularyWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/// A vocabulary of a student's own, learned from texts.
final class StudentVocabulary {
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
    var tokens = VocabularyWriter.beginning();
    tokens.addAll(
        PieceTrainer.learn(
            texts, size - tokens.size(), piece -> known.contains(piece.replace('▁', ' '))));
    VocabularyWriter.addTo(metadata, tokens);
    metadata.put("tokenizer.ggml.add_space_prefix", new Flag(true));
  }
}
