package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.testing.Seeded;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Holds the pairs of a SentencePiece vocabulary against trying every cut of every token.
@ExtendWith(Seeded.class)
class ScoreMergesTest {
  @Test
  void pairsAreAllCutsIntoTwoSymbols(Random random) {
    for (int round = 0; round < 500; round++) {
      var pieces = new TreeSet<String>();
      for (int i = 1 + random.nextInt(40); i > 0; i--) {
        var piece = new StringBuilder();
        for (int j = random.nextInt(7); j >= 0; j--) {
          piece.append(List.of("a", "b", "\u2581", "\ud83d\ude00").get(random.nextInt(4)));
        }
        pieces.add(piece.toString());
      }
      check(List.copyOf(pieces), random);
    }
  }

  private static void check(List<String> pieces, Random random) {
    var ids = new HashMap<String, Integer>();
    var kinds = new Vocabulary.Kind[pieces.size()];
    var scores = new float[pieces.size()];
    for (int token = 0; token < kinds.length; token++) {
      ids.put(pieces.get(token), token);
      kinds[token] = random.nextInt(8) == 0 ? Vocabulary.Kind.CONTROL : Vocabulary.Kind.NORMAL;
      scores[token] = (random.nextInt(5) - 2) / 2f * (random.nextBoolean() ? -1 : 1); // -0 too
    }
    var none = OptionalInt.empty();
    var roles = new Vocabulary.Roles(none, none, none, new BitSet());
    var symbols = new Symbols(new Vocabulary(pieces, kinds, ids, roles));
    var merges = ScoreMerges.of(scores, symbols);
    for (int left = 0; left < symbols.count(); left++) {
      for (int right = 0; right < symbols.count(); right++) {
        String whole = symbols.text(left) + symbols.text(right);
        boolean reachable =
            symbols.find(symbols.text(left)) == left && symbols.find(symbols.text(right)) == right;
        int token = reachable ? symbols.find(whole) : -1;
        int pair = merges.find(left, right);
        assertEquals(
            symbols.isToken(token) ? token : -1, pair < 0 ? -1 : merges.result(pair), whole);
      }
    }
    assertRanksFollowScores(scores, symbols, merges);
  }

  private static void assertRanksFollowScores(float[] scores, Symbols symbols, Merges merges) {
    var rankOf = new HashMap<Float, Integer>();
    for (int left = 0; left < symbols.count(); left++) {
      for (int right = 0; right < symbols.count(); right++) {
        int pair = merges.find(left, right);
        if (pair >= 0) {
          int rank = merges.rank(pair);
          float score = scores[merges.result(pair)] + 0f; // no -0
          assertEquals(rankOf.computeIfAbsent(score, s -> rank), rank);
          rankOf.forEach((s, r) -> assertEquals(Float.compare(s, score), Integer.compare(rank, r)));
        }
      }
    }
  }
}
