package dev.educe.cli.make;

import dev.educe.format.MetadataValue;
import dev.educe.tokenizer.VocabularyWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A SentencePiece vocabulary of invented pieces: three special tokens, 256 bytes, the printable
/// ASCII characters, then strings of letters, shorter ones first, so that each piece can be merged
/// from two that are there.
final class SyntheticVocabulary {
  /// How SentencePiece writes a space.
  private static final String SPACE = "▁";

  private SyntheticVocabulary() {}

  /// Adds the keys `tokenizer.ggml.…`.
  ///
  /// @param size how many tokens, from 360 to 500,000
  static void addTo(Map<String, MetadataValue> metadata, int size) {
    VocabularyWriter.addTo(metadata, pieces(size));
  }

  private static List<String> pieces(int size) {
    var pieces = VocabularyWriter.beginning();
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
