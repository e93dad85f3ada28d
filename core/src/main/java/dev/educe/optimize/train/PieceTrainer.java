package dev.educe.optimize.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Learns a vocabulary as SentencePiece's BPE has it: the characters of the texts, then again and
/// again the most frequent pair of neighbours joined.
///
/// A word is what follows a space, which belongs to it as `▁`; no piece crosses words. Control
/// characters are left to the bytes. Ties go to the pair that comes first in the order of
/// characters. Pieces may be limited to some.
///
/// Source: Sennrich, Haddow and Birch 2016, "Neural Machine Translation of Rare Words with Subword
/// Units", algorithm 1.
final class PieceTrainer {
  private static final char SPACE = '▁';

  private final List<Word> words = new ArrayList<>();
  private final Predicate<String> isAllowed;

  /// @param pieces how it is cut so far
  private record Word(List<String> pieces, long count) {}

  private record Pair(String left, String right) {
    private static final Comparator<Pair> ORDER =
        Comparator.comparing(Pair::left).thenComparing(Pair::right);
  }

  private PieceTrainer(Map<String, Long> counts, Predicate<String> isAllowed) {
    this.isAllowed = isAllowed;
    for (Entry<String, Long> entry : new TreeMap<>(counts).entrySet()) {
      var characters =
          entry.getKey().codePoints().mapToObj(Character::toString).collect(Collectors.toList());
      words.add(new Word(characters, entry.getValue()));
    }
  }

  /// The joined pieces in the order in which they were learned, then the characters, the most
  /// frequent first: falling ranks.
  ///
  /// @param count how many; fewer where the texts do not have as many
  /// @param isAllowed which joined pieces there may be, with `▁` for a space
  static List<String> learn(List<String> texts, int count, Predicate<String> isAllowed) {
    var counts = new HashMap<String, Long>();
    for (String text : texts) {
      String marked = (" " + text).replace(' ', SPACE);
      // Before each mark, and around control characters, which fall away.
      for (String word : marked.split("(?=" + SPACE + ")|\\p{Cntrl}+")) {
        if (!word.isEmpty()) {
          counts.merge(word, 1L, Long::sum);
        }
      }
    }
    return new PieceTrainer(counts, isAllowed).learn(count);
  }

  private List<String> learn(int count) {
    var characters = characters();
    int kept = Math.min(characters.size(), count);
    var pieces = new ArrayList<String>();
    while (pieces.size() < count - kept) {
      var best =
          pairs().entrySet().stream()
              .max(
                  Entry.<Pair, Long>comparingByValue()
                      .thenComparing(Entry.comparingByKey(Pair.ORDER.reversed())));
      if (best.isEmpty() || best.get().getValue() < 2) {
        break;
      }
      var pair = best.get().getKey();
      pieces.add(pair.left() + pair.right());
      words.forEach(word -> join(word.pieces(), pair));
    }
    pieces.addAll(characters.subList(0, kept));
    return pieces.stream().distinct().toList();
  }

  private List<String> characters() {
    var counts = new TreeMap<String, Long>();
    words.forEach(word -> word.pieces().forEach(c -> counts.merge(c, word.count(), Long::sum)));
    return counts.entrySet().stream()
        .sorted(Entry.<String, Long>comparingByValue().reversed())
        .map(Entry::getKey)
        .toList();
  }

  private Map<Pair, Long> pairs() {
    var counts = new HashMap<Pair, Long>();
    for (var word : words) {
      for (int i = 0; i + 1 < word.pieces().size(); i++) {
        var pair = new Pair(word.pieces().get(i), word.pieces().get(i + 1));
        counts.merge(pair, word.count(), Long::sum);
      }
    }
    counts.keySet().removeIf(pair -> !isAllowed.test(pair.left() + pair.right()));
    return counts;
  }

  private static void join(List<String> pieces, Pair pair) {
    for (int i = 0; i + 1 < pieces.size(); i++) {
      if (pieces.get(i).equals(pair.left()) && pieces.get(i + 1).equals(pair.right())) {
        pieces.set(i, pair.left() + pair.right());
        pieces.remove(i + 1);
      }
    }
  }
}
