package dev.educe.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Each step against the obvious way to do it: sort everything, in double.
@ExtendWith(Seeded.class)
class CandidatesTest {
  private static final int[] SIZES = {1, 2, 3, 64, 65, 100, 1000, 5000, 20_000};

  private record Token(int id, float score, double probability) {}

  @RepeatedTest(3)
  void ranksAreByScoreThenLowerId(Random random) {
    for (int size : SIZES) {
      var logits = logits(random, size);
      var expected = sorted(logits);
      var candidates = begin(logits);
      assertEquals(size, candidates.size());
      // Any order of looking, so that sorting in part is met in every state.
      for (int look = 0; look < 200; look++) {
        int rank = (int) (size * Math.pow(random.nextDouble(), 3));
        assertEquals(expected.get(rank).id(), candidates.id(rank));
      }
      check(expected, candidates);
    }
  }

  @RepeatedTest(3)
  void keepBestKeepsTheFirst(Random random) {
    for (int size : SIZES) {
      var logits = logits(random, size);
      int count = 1 + random.nextInt(size + 10);
      var candidates = begin(logits);
      candidates.keepBest(count);
      check(sorted(logits).subList(0, Math.min(count, size)), candidates);
    }
  }

  @RepeatedTest(3)
  void keepShareKeepsTheLeastThatReachesIt(Random random) {
    for (int size : SIZES) {
      var logits = logits(random, size);
      double share = random.nextDouble();
      var candidates = begin(logits);
      candidates.keepShare(share);
      checkShare(sorted(logits), share, candidates);
    }
  }

  @RepeatedTest(3)
  void keepLikelyKeepsWhatIsNearTheLikeliest(Random random) {
    for (int size : SIZES) {
      var logits = logits(random, size);
      float ratio = random.nextFloat();
      var candidates = begin(logits);
      if (random.nextBoolean()) {
        candidates.id(size / 3); // some are sorted before
      }
      candidates.keepLikely(ratio);
      var kept = ids(candidates);
      var expected = sorted(logits);
      double least = expected.getFirst().probability() * ratio;
      for (var token : expected) {
        boolean isKept = kept.contains(token.id());
        if (Math.abs(token.probability() / least - 1) > 1e-5) {
          assertEquals(token.probability() > least, isKept, () -> token + " at least " + least);
        }
      }
      check(expected.subList(0, candidates.size()), candidates);
    }
  }

  @RepeatedTest(3)
  void keepTypicalKeepsWhatSurprisesLeastUnusually(Random random) {
    for (int size : SIZES) {
      var logits = logits(random, size);
      double share = random.nextDouble();
      var tokens = sorted(logits);
      double entropy =
          tokens.stream().mapToDouble(t -> -t.probability() * Math.log(t.probability())).sum();
      DoubleUnaryOperator distance = p -> Math.abs(-Math.log(p) - entropy);
      double sum = 0;
      double farthest = 0;
      var byDistance = new ArrayList<>(tokens);
      byDistance.sort(Comparator.comparingDouble(t -> distance.applyAsDouble(t.probability())));
      for (var token : byDistance) {
        farthest = distance.applyAsDouble(token.probability());
        sum += token.probability();
        if (sum >= share) {
          break;
        }
      }
      var candidates = begin(logits);
      candidates.keepTypical(share);
      var kept = ids(candidates);
      for (var token : tokens) {
        double mine = distance.applyAsDouble(token.probability());
        if (Math.abs(mine - farthest) > 1e-4) {
          assertEquals(mine < farthest, kept.contains(token.id()), token::toString);
        }
      }
      check(tokens.stream().filter(t -> kept.contains(t.id())).toList(), candidates);
    }
  }

  @RepeatedTest(3)
  void keepDeviationsLooksAtWhatIsLeft(Random random) {
    for (int size : SIZES) {
      var logits = logits(random, size);
      double share = random.nextDouble();
      var typical = begin(logits);
      typical.keepTypical(share);
      var left = ids(typical); // which makes a list of them
      var candidates = begin(logits);
      candidates.keepTypical(share);
      var scores = left.stream().mapToDouble(id -> logits[id]).summaryStatistics();
      double square =
          left.stream().mapToDouble(id -> Math.pow(logits[id] - scores.getAverage(), 2)).sum();
      double least = scores.getMax() - 0.7 * Math.sqrt(square / left.size());
      candidates.keepDeviations(0.7f);
      var kept = ids(candidates);
      for (int id : left) {
        if (Math.abs(logits[id] - least) > 1e-3) {
          assertEquals(logits[id] > least, kept.contains(id), id + " of " + size);
        }
      }
    }
  }

  @Test
  void weightsAreExactParts() {
    var candidates =
        begin(new float[] {0, (float) -Math.log(2), -27, -29, Float.NEGATIVE_INFINITY});
    assertEquals(Candidates.WEIGHT_ONE, candidates.weight(0));
    assertEquals(0.5, (double) candidates.weight(1) / Candidates.WEIGHT_ONE, 1e-6);
    assertEquals(2, candidates.weight(2));
    assertEquals(0, candidates.weight(3));
    assertEquals(0, candidates.weight(4));
    candidates.temperature(2);
    assertEquals(Math.sqrt(0.5), (double) candidates.weight(1) / Candidates.WEIGHT_ONE, 1e-6);
  }

  @Test
  void everyDrawHasAToken() {
    var candidates = begin(new float[] {1, 1, 1, -50});
    assertEquals(0, candidates.draw(0, candidates.beginDraw()));
    assertEquals(1, candidates.draw(0x8000_0000_0000_0000L, candidates.beginDraw()));
    assertEquals(2, candidates.draw(-1, candidates.beginDraw()));
  }

  @Test
  void penaltiesCountRecentTokens() {
    var candidates = new Candidates(5);
    var logits = MemorySegment.ofArray(new float[] {2, -2, 1, 1, 1});
    candidates.begin(logits, new int[] {4, 0, 1, 1, 2, 3, 3, 3}, 5);
    new Penalties(2, 0.25f, 0.5f, 4).apply(candidates);
    assertEquals(2f / 2 - 0.25f - 0.5f, candidates.score(0));
    assertEquals(-2f * 2 - 0.25f - 2 * 0.5f, candidates.score(1));
    assertEquals(1f / 2 - 0.25f - 0.5f, candidates.score(2));
    assertEquals(1, candidates.score(3));
    assertEquals(1, candidates.score(4));
  }

  @Test
  void fewerTokensThanThePenaltiesLookAtAreAllOfThem() {
    var candidates = new Candidates(2);
    candidates.begin(MemorySegment.ofArray(new float[] {1, 1}), new int[] {1}, 1);
    new Penalties(1, 1, 0, 1000).apply(candidates);
    assertEquals(0, candidates.score(1));
    candidates.begin(MemorySegment.ofArray(new float[] {1, 1}), new int[] {}, 0);
    new Penalties(1, 1, 0, 1000).apply(candidates);
    assertEquals(1, candidates.score(1));
  }

  /// Few distinct values in half of the rows, so that ties are common; sorted ones, too.
  private static float[] logits(Random random, int size) {
    var logits = new float[size];
    int kind = random.nextInt(4);
    for (int i = 0; i < size; i++) {
      logits[i] =
          switch (kind) {
            case 0 -> (float) (random.nextGaussian() * 3);
            case 1 -> random.nextInt(7) - 3;
            case 2 -> i * 1e-3f;
            default -> i * -1e-3f;
          };
    }
    return logits;
  }

  private static Candidates begin(float[] logits) {
    var candidates = new Candidates(logits.length);
    candidates.begin(MemorySegment.ofArray(logits), new int[] {}, 0);
    return candidates;
  }

  private static List<Token> sorted(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double total = 0;
    for (float logit : logits) {
      total += Math.exp(logit - max);
    }
    var tokens = new ArrayList<Token>();
    for (int id = 0; id < logits.length; id++) {
      tokens.add(new Token(id, logits[id], Math.exp(logits[id] - max) / total));
    }
    tokens.sort(Comparator.comparing(Token::score).reversed().thenComparing(Token::id));
    return tokens;
  }

  private static void checkShare(List<Token> tokens, double share, Candidates candidates) {
    int size = candidates.size();
    double kept = tokens.stream().limit(size).mapToDouble(Token::probability).sum();
    double less = kept - tokens.get(size - 1).probability();
    assertTrue(kept >= share - 1e-5 && less < share + 1e-5, kept + " and " + less + ", " + share);
    check(tokens.subList(0, size), candidates);
  }

  private static Set<Integer> ids(Candidates candidates) {
    return IntStream.range(0, candidates.size())
        .map(candidates::id)
        .boxed()
        .collect(Collectors.toSet());
  }

  private static void check(List<Token> expected, Candidates candidates) {
    assertEquals(expected.size(), candidates.size());
    for (int rank = 0; rank < expected.size(); rank++) {
      assertEquals(expected.get(rank).id(), candidates.id(rank), "rank " + rank);
    }
  }
}
