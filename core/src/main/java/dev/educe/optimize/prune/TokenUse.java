package dev.educe.optimize.prune;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Chooses which tokens of a vocabulary are kept, so that any text can still be spelled.
///
/// Kept are tokens that occur in a text, all that is not plain text, all bytes and single
/// characters, and whatever lies between characters and a kept token when neighbours are merged one
/// pair at a time: a token that cannot be reached might as well not be there. The text itself
/// becomes the same tokens as before.
final class TokenUse {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final long NORMAL = 1; // of `tokenizer.ggml.token_type`

  private final Metadata metadata;
  private final Tokenizer tokenizer;
  private final List<String> pieces;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<String, Double> ranks; // of what a pair becomes or of the pair; lowest first
  private final boolean isByScore;
  private final BitSet kept = new BitSet();

  private TokenUse(Metadata metadata) throws ModelFormatException {
    this.metadata = metadata;
    this.tokenizer = Tokenizer.of(metadata);
    this.pieces = metadata.findStrings(PREFIX + "tokens").orElseThrow();
    for (int token = 0; token < pieces.size(); token++) {
      ids.put(pieces.get(token), token);
    }
    this.isByScore = metadata.string(PREFIX + "model").equals("llama");
    this.ranks = isByScore ? byScore() : byList();
  }

  /// The tokens to keep, ascending.
  ///
  /// @param countMin how often a token must occur in the text to be kept for that
  /// @throws UnsupportedModelException if the vocabulary is of a kind that is not known
  static int[] kept(Metadata metadata, String text, int countMin) throws ModelFormatException {
    var use = new TokenUse(metadata);
    use.keepWhatIsNoPlainText();
    var counts = new int[use.pieces.size()];
    for (int token : use.tokenizer.encode(text, false)) {
      counts[token]++;
    }
    for (int token = 0; token < counts.length; token++) {
      if (counts[token] >= countMin) {
        use.keepWithParts(token);
      }
    }
    return use.kept.stream().toArray();
  }

  private Map<String, Double> byScore() throws ModelFormatException {
    float[] scores = metadata.findFloats(PREFIX + "scores").orElse(new float[pieces.size()]);
    var ranks = new HashMap<String, Double>();
    for (int token = 0; token < pieces.size(); token++) {
      ranks.put(pieces.get(token), -(double) scores[token]);
    }
    return ranks;
  }

  private Map<String, Double> byList() throws ModelFormatException {
    var merges =
        metadata
            .findStrings(PREFIX + "merges")
            .orElseThrow(() ->
                new UnsupportedModelException(
                    metadata.source() + ": a vocabulary without scores or merges is not pruned"));
    var ranks = new HashMap<String, Double>();
    for (int merge = 0; merge < merges.size(); merge++) {
      ranks.putIfAbsent(merges.get(merge), (double) merge);
    }
    return ranks;
  }

  private void keepWhatIsNoPlainText() throws ModelFormatException {
    long[] types = metadata.findIntegers(PREFIX + "token_type").orElse(new long[0]);
    for (int token = 0; token < pieces.size(); token++) {
      String piece = pieces.get(token);
      boolean isPlain = types.length == 0 || types[token] == NORMAL;
      boolean isCharacter = piece.codePointCount(0, piece.length()) <= 1;
      boolean isByte = piece.matches("<0x[0-9A-F]{2}>");
      if (!isPlain || isCharacter || isByte || tokenizer.isControl(token)) {
        kept.set(token);
      }
      if (tokenizer.endsGeneration(token)) {
        kept.set(token);
      }
    }
    for (String key : metadata.keys()) {
      if (key.startsWith(PREFIX) && key.endsWith("_token_id")) {
        long id = metadata.findInteger(key).orElse(-1);
        if (id >= 0 && id < pieces.size()) {
          kept.set((int) id);
        }
      }
    }
    tokenizer.bos().ifPresent(kept::set);
    tokenizer.eos().ifPresent(kept::set);
  }

  /// Keeps a token and all that it is made of, as merging goes: the pair of the lowest rank first,
  /// the leftmost of equals.
  private void keepWithParts(int token) {
    if (kept.get(token)) {
      return;
    }
    kept.set(token);
    var parts = new ArrayList<String>();
    pieces.get(token).codePoints().mapToObj(Character::toString).forEach(parts::add);
    for (int best = bestPair(parts); best >= 0; best = bestPair(parts)) {
      String merged = parts.get(best) + parts.remove(best + 1);
      parts.set(best, merged);
      Integer id = ids.get(merged);
      if (id != null) {
        kept.set(id);
      }
    }
  }

  private int bestPair(List<String> parts) {
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i + 1 < parts.size(); i++) {
      String pair = parts.get(i) + (isByScore ? "" : " ") + parts.get(i + 1);
      double rank = ranks.getOrDefault(pair, Double.POSITIVE_INFINITY);
      if (rank < least) {
        least = rank;
        best = i;
      }
    }
    return best;
  }
}
