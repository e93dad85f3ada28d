package dev.educe.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.sampling.SimpleSampling.Token;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Each stage's candidates and their probabilities against those of [SimpleSampling].
@ExtendWith(Seeded.class)
class StagesTest {
  private static final int[] SIZES = {1, 2, 5, 100, 3_000, 20_000};

  @RepeatedTest(3)
  void topNSigmaKeepsWhatIsWithinDeviations(Random random) {
    for (int size : SIZES) {
      float[] logits = logits(random, size);
      logits[random.nextInt(size)] = Float.NEGATIVE_INFINITY;
      logits[random.nextInt(size)] = 5;
      var tokens = SimpleSampling.tokens(logits);
      var finite = tokens.stream().filter(t -> t.logit() > Float.NEGATIVE_INFINITY).toList();
      double mean = finite.stream().mapToDouble(Token::logit).average().orElseThrow();
      double deviation =
          Math.sqrt(
              finite.stream()
                  .mapToDouble(t -> (t.logit() - mean) * (t.logit() - mean))
                  .average()
                  .orElseThrow());
      float n = random.nextFloat() * 2;
      double least = tokens.getFirst().logit() - n * deviation;
      for (boolean isListed : new boolean[] {false, true}) {
        var candidates = begin(logits);
        if (isListed) {
          candidates.id(0);
        }
        candidates.keepDeviations(n);
        int kept = candidates.size();
        assertTrue(tokens.get(kept - 1).logit() >= least - 1e-3);
        assertTrue(kept == size || tokens.get(kept).logit() < least + 1e-3);
        check(tokens.subList(0, kept), 1, candidates);
      }
    }
  }

  @RepeatedTest(3)
  void topChoicesAreDroppedButTheLast(Random random) {
    for (int size : SIZES) {
      float[] logits = logits(random, size);
      var tokens = SimpleSampling.tokens(logits);
      double[] p = SimpleSampling.probabilities(tokens);
      float threshold = random.nextFloat() * 0.1f;
      int top = (int) IntStream.range(0, size).filter(i -> p[i] >= threshold).count();
      var candidates = begin(logits);
      new Xtc(1, threshold).apply(candidates, random.nextInt());
      check(tokens.subList(Math.max(0, top - 1), size), 1, candidates);
    }
  }

  @Test
  void xtcIsTakenAsOftenAsAsked() {
    var xtc = new Xtc(0.25f, 0.1f);
    int taken = 0;
    for (int position = 0; position < 4_000; position++) {
      var words = new int[4];
      Philox.block(7, position, 0, words);
      var candidates = begin(new float[] {1, 1, 1});
      xtc.apply(candidates, words[2]);
      taken += candidates.size() == 1 ? 1 : 0;
    }
    assertTrue(Math.abs(taken - 1_000) < 120, "taken " + taken);
    assertFalse(new Xtc(1, 0.6f).isOn());
    var never = begin(new float[] {1, 1, 1});
    Xtc.NONE.apply(never, 0);
    assertEquals(3, never.size());
  }

  @RepeatedTest(3)
  void theTemperatureFollowsTheEntropy(Random random) {
    for (int size : SIZES) {
      float[] logits = logits(random, size);
      var tokens = SimpleSampling.tokens(logits);
      float middle = random.nextFloat() * 2;
      float range = 0.1f + random.nextFloat() * 2;
      float exponent = 0.3f + random.nextFloat() * 2;
      double share = size == 1 ? 0 : SimpleSampling.entropy(tokens) / Math.log(size);
      double low = Math.max(0, middle - range);
      double temperature = low + (middle + range - low) * Math.pow(share, exponent);
      var candidates = begin(logits);
      new DynamicTemperature(range, exponent).apply(candidates, middle);
      // One token is certain at any temperature, 0 included.
      check(tokens, size == 1 ? 1 : temperature, candidates);
    }
  }

  @RepeatedTest(3)
  void mirostat2DropsWhatSurprisesTooMuch(Random random) {
    for (int size : SIZES) {
      float[] logits = logits(random, size);
      var tokens = SimpleSampling.tokens(logits);
      double[] p = SimpleSampling.probabilities(tokens);
      float bound = random.nextFloat() * 14;
      var candidates = begin(logits);
      new Mirostat(2, 5, 0.1f).apply(candidates, bound, new float[100]);
      int kept = candidates.size();
      double least = Math.pow(2, -bound);
      assertTrue(kept == 1 || p[kept - 1] >= least * (1 - 1e-4));
      assertTrue(kept == size || p[kept] < least * (1 + 1e-4));
      check(tokens.subList(0, kept), 1, candidates);
    }
  }

  @RepeatedTest(3)
  void mirostat1KeepsAsManyAsTheEstimateSays(Random random) {
    for (int size : SIZES) {
      float[] logits = logits(random, size);
      var tokens = SimpleSampling.tokens(logits);
      double products = 0;
      double squares = 0;
      for (int i = 0; i < 99 && i < size - 1; i++) {
        double t = Math.log((i + 2.0) / (i + 1.0));
        products += t * (tokens.get(i).logit() - tokens.get(i + 1).logit());
        squares += t * t;
      }
      double s = products / squares;
      float bound = random.nextFloat() * 10;
      double k = Math.pow((s - 1) * Math.pow(2, bound) / (1 - Math.pow(size, 1 - s)), 1 / s);
      var candidates = begin(logits);
      new Mirostat(1, 5, 0.1f).apply(candidates, bound, new float[100]);
      double expected = size == 1 ? 1 : Math.clamp(Math.floor(k), 1, size);
      assertEquals(expected, candidates.size(), 1 + expected * 1e-3, "s " + s + ", k " + k);
      check(tokens.subList(0, candidates.size()), 1, candidates);
    }
  }

  /// The bound follows the draws as a second bookkeeping says, and the mean surprise the target.
  @Test
  void mirostatKeepsTheSurpriseAtItsTarget() {
    float[] logits = logits(new Random(5), 2_000);
    var row = MemorySegment.ofArray(logits);
    double[] p = SimpleSampling.probabilities(SimpleSampling.tokens(logits));
    var mirostat = new Mirostat(2, 3, 0.1f);
    var sampling = Sampling.greedy().withTemperature(1).with(mirostat).withSeed(3);
    var sampler = new Sampler(sampling, 0);
    var scratch = new Candidates(logits.length);
    double bound = 6;
    double sum = 0;
    int draws = 2_000;
    for (int position = 0; position < draws; position++) {
      int rank = rank(logits, sampler.next(row, new int[] {}, position, scratch));
      int kept = 1;
      double mass = p[0];
      while (kept < p.length && bits(p[kept]) <= bound) {
        mass += p[kept++];
      }
      // The bounds differ by rounding, and so by a token now and then.
      assertTrue(rank <= kept, "rank " + rank + " of " + kept + " at " + position);
      double surprise = bits(p[rank] / mass);
      sum += surprise;
      bound -= 0.1 * (surprise - 3);
    }
    assertEquals(3, sum / draws, 0.05);
  }

  @RepeatedTest(20)
  void dryCostsWhatThePlainSearchSays(Random random) {
    int length = random.nextInt(200);
    int[] tokens = random.ints(length, 0, 2 + random.nextInt(4)).toArray();
    var breakers = new ArrayList<int[]>();
    var texts = List.<String>of();
    var vocabulary = Vocabulary.UNKNOWN;
    if (random.nextBoolean()) {
      // Token 1 is "x" and token 0 "ab", of which the breaker "bc" needs token 2, "c", after it.
      var names = new String[] {"ab", "x", "c", "d", "e", "f"};
      texts = List.of("x", "bc");
      vocabulary = new Vocabulary(6, id -> names[id].getBytes(), _ -> new int[] {2}, _ -> false);
      breakers.add(new int[] {1});
      breakers.add(new int[] {0, 2});
    }
    var dry =
        new Dry(
            1.5f, 1.2f, random.nextInt(4), random.nextBoolean() ? -1 : random.nextInt(100), texts);
    var costs = SimpleSampling.dry(tokens, dry, breakers);
    var candidates = new Candidates(6);
    candidates.begin(MemorySegment.ofArray(new float[6]), tokens, length);
    if (dry.isOn()) {
      new Repetitions(dry, vocabulary.breakers(texts)).apply(candidates);
      for (int id = 0; id < 6; id++) {
        double cost = costs.getOrDefault(id, 0.0);
        assertEquals(-cost, candidates.score(id), 1e-5 * cost, "token " + id);
        assertEquals(0, candidates.marks()[id]);
      }
    }
  }

  @Test
  void dryFollowsTheKnownExample() {
    // a b c c b c y a b c: c, b and y would prolong repetitions of 3, 1 and 2 tokens.
    var tokens = new int[] {0, 1, 2, 2, 1, 2, 3, 0, 1, 2};
    var candidates = new Candidates(5);
    candidates.begin(MemorySegment.ofArray(new float[5]), tokens, tokens.length);
    var dry = Dry.of(1).withBase(2);
    new Repetitions(dry, Vocabulary.UNKNOWN.breakers(List.of())).apply(candidates);
    assertEquals(-2, candidates.score(2));
    assertEquals(0, candidates.score(1));
    assertEquals(-1, candidates.score(3));
    assertEquals(0, candidates.score(0));
  }

  @Test
  void penaltiesOfAllTokensReachToTheBeginning() {
    var candidates = new Candidates(3);
    candidates.begin(MemorySegment.ofArray(new float[3]), new int[] {2, 1, 1}, 3);
    new Penalties(1, 0, 1, -1).apply(candidates);
    assertEquals(0, candidates.score(0));
    assertEquals(-2, candidates.score(1));
    assertEquals(-1, candidates.score(2));
  }

  private static double bits(double p) {
    return -Math.log(p) / Math.log(2);
  }

  private static int rank(float[] logits, int id) {
    return (int) IntStream.range(0, logits.length).filter(i -> logits[i] > logits[id]).count();
  }

  private static float[] logits(Random random, int size) {
    var logits = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = (float) (random.nextGaussian() * 2);
    }
    return logits;
  }

  private static Candidates begin(float[] logits) {
    var candidates = new Candidates(logits.length);
    candidates.begin(MemorySegment.ofArray(logits), new int[] {}, 0);
    return candidates;
  }

  /// Same tokens, and probabilities near those of the temperature.
  private static void check(List<Token> tokens, double temperature, Candidates candidates) {
    assertEquals(tokens.size(), candidates.size());
    double[] p = SimpleSampling.probabilities(SimpleSampling.divided(tokens, temperature));
    double total = candidates.totalWeight();
    for (int rank = 0; rank < tokens.size(); rank++) {
      assertEquals(tokens.get(rank).id(), candidates.id(rank));
      assertEquals(p[rank], candidates.weight(rank) / total, 1e-4 * p[rank] + 1e-7);
    }
  }
}
