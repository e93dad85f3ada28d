package dev.educe.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Plays sequences that come, grow and go against what they must find.
@ExtendWith(Seeded.class)
class PrefixTreeTest {
  private static final PrefixKey KEY = new PrefixKey("a", "model", "", "F16", 1);
  private static final int PAGE = 4;

  private final PagePool pool = new PagePool(24, PAGE);
  private final PrefixTree tree = new PrefixTree(pool);

  /// Computes tokens as an engine does.
  private final class Sequence {
    final PageTable table = new PageTable(pool);
    final PrefixPath path;

    Sequence(PrefixKey key) {
      path = tree.path(key, table);
    }

    int compute(int... tokens) {
      int known = path.follow(tokens, tokens.length - 1);
      if (!table.tryReserve(tokens.length)) {
        throw new AssertionError("the test's cache is too small");
      }
      path.add(tokens, tokens.length);
      return known;
    }

    void end() {
      path.close();
      table.close();
    }
  }

  private static int[] tokens(int count, int seed) {
    int[] tokens = new int[count];
    Arrays.setAll(tokens, i -> i * seed);
    return tokens;
  }

  @Test
  void whatWasComputedIsFoundUpToTheLastFullPage() {
    var first = new Sequence(KEY);
    assertEquals(0, first.compute(tokens(11, 3)));
    var second = new Sequence(KEY);
    assertEquals(8, second.compute(tokens(11, 3)));
    assertEquals(first.table.pages()[1], second.table.pages()[1]);
    first.end();
    second.end();
    assertEquals(8, new Sequence(KEY).path.follow(tokens(9, 3), 9));
  }

  @Test
  void theLastTokenIsComputedEvenIfAllAreKnown() {
    new Sequence(KEY).compute(tokens(8, 3));
    assertEquals(4, new Sequence(KEY).compute(tokens(8, 3)));
  }

  @Test
  void anythingElseInTheKeyIsAnotherWorld() {
    new Sequence(KEY).compute(tokens(9, 3));
    var others =
        List.of(
            KEY.withTenant("b"),
            new PrefixKey("a", "other", "", "F16", 1),
            new PrefixKey("a", "model", "adapter", "F16", 1),
            new PrefixKey("a", "model", "", "F32", 1),
            new PrefixKey("a", "model", "", "F16", 2));
    for (var other : others) {
      assertEquals(0, new Sequence(other).compute(tokens(5, 3)), other.toString());
    }
  }

  @Test
  void theSameComputedTwiceIsHeldOnce() {
    var first = new Sequence(KEY);
    var second = new Sequence(KEY);
    int[] tokens = tokens(8, 3);
    first.table.tryReserve(8);
    second.table.tryReserve(8);
    first.path.add(tokens, 8);
    second.path.add(tokens, 8);
    assertEquals(pool.pages() - 2, pool.freePages());
    tree.checkIntegrity(List.of(first.table, second.table));
  }

  @Test
  void leavesThatNobodyUsesGoLeastRecentlyUsedFirst() {
    var old = new Sequence(KEY);
    old.compute(tokens(8, 3));
    var young = new Sequence(KEY);
    young.compute(tokens(8, 5));
    var used = new Sequence(KEY);
    used.compute(tokens(8, 7));
    old.end();
    young.end();
    assertEquals(2, tree.evict(2));
    assertEquals(0, new Sequence(KEY).path.follow(tokens(8, 3), 8));
    assertEquals(8, new Sequence(KEY).path.follow(tokens(8, 5), 8));
    assertEquals(0, tree.evict(10), "somebody uses all that are left");
  }

  @Test
  void aTableThatLetGoOfItsFirstPagesAddsNoMore() {
    var sequence = new Sequence(KEY);
    sequence.compute(tokens(8, 3));
    sequence.table.releaseBefore(5);
    sequence.table.tryReserve(16);
    sequence.path.add(tokens(16, 3), 16);
    assertEquals(2, tree.pages());
    tree.checkIntegrity(List.of(sequence.table));
    sequence.end();
    assertEquals(2, tree.evict(2));
    assertEquals(pool.pages(), pool.freePages());
  }

  @Test
  void aPageTooManyOrTooFewIsNoticed() {
    var sequence = new Sequence(KEY);
    sequence.compute(tokens(9, 3));
    tree.checkIntegrity(List.of(sequence.table));
    assertThrows(IllegalStateException.class, () -> tree.checkIntegrity(List.of()));
    pool.tryTake(new int[1], 0, 1);
    assertThrows(IllegalStateException.class, () -> tree.checkIntegrity(List.of(sequence.table)));
  }

  @Test
  void tokensAreComparedWhereHashesCollide(Random random) {
    for (int mask : new int[] {0, 1, -1}) {
      play(new PagePool(40, PAGE), mask, random);
    }
  }

  /// Each page remembers the tokens it was computed for; whoever is given it wants the same.
  private static void play(PagePool pool, int hashMask, Random random) {
    var tree = new PrefixTree(pool, hashMask);
    Map<Integer, List<Integer>> content = new HashMap<>();
    var tables = new ArrayList<PageTable>();
    var paths = new ArrayList<PrefixPath>();
    for (int step = 0; step < 2_000; step++) {
      if (tables.size() < 4 || random.nextBoolean()) {
        int[] tokens = random.ints(4 + random.nextInt(17), 0, 2).toArray();
        var table = new PageTable(pool);
        var path = tree.path(KEY, table);
        int known = path.follow(tokens, tokens.length);
        for (int page = 0; page < known / PAGE; page++) {
          assertEquals(prefix(tokens, page), content.get(table.pages()[page]));
        }
        if (!table.tryReserve(tokens.length)) {
          tree.evict(5);
        }
        if (table.tryReserve(tokens.length)) {
          for (int page = known / PAGE; page < tokens.length / PAGE; page++) {
            content.put(table.pages()[page], prefix(tokens, page));
          }
          path.add(tokens, tokens.length);
        }
        tables.add(table);
        paths.add(path);
      } else {
        int leaving = random.nextInt(tables.size());
        paths.remove(leaving).close();
        tables.remove(leaving).close();
      }
      tree.checkIntegrity(tables);
    }
  }

  private static List<Integer> prefix(int[] tokens, int page) {
    return Arrays.stream(tokens, 0, (page + 1) * PAGE).boxed().toList();
  }
}
