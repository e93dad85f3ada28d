package dev.educe.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Plays random takes, shares and releases against a model made of plain collections.
@ExtendWith(Seeded.class)
class PagePoolTest {
  @Test
  void everyPageHasTheUsersThatTheModelSays(Random random) {
    int pages = 1 + random.nextInt(64);
    var pool = new PagePool(pages, 16);
    List<Integer> held = new ArrayList<>(); // one entry per user
    for (int step = 0; step < 10_000; step++) {
      switch (random.nextInt(3)) {
        case 0 -> {
          int count = random.nextInt(pages + 2);
          var taken = new int[count];
          boolean fits = count <= pool.freePages();
          assertEquals(fits, pool.tryTake(taken, 0, count));
          if (fits) {
            for (int page : taken) {
              held.add(page);
            }
          }
        }
        case 1 -> {
          if (!held.isEmpty()) {
            int page = held.get(random.nextInt(held.size()));
            pool.share(page);
            held.add(page);
          }
        }
        default -> {
          if (!held.isEmpty()) {
            pool.release(held.remove(random.nextInt(held.size())));
          }
        }
      }
      assertEquals(pages - new HashSet<>(held).size(), pool.freePages());
    }
    held.forEach(pool::release);
    assertEquals(pages, pool.freePages());
  }

  @Test
  void aPageReleasedTwiceIsCaught() {
    var pool = new PagePool(2, 16);
    var taken = new int[1];
    assertTrue(pool.tryTake(taken, 0, 1));
    pool.release(taken[0]);
    assertThrows(AssertionError.class, () -> pool.release(taken[0]));
    assertThrows(AssertionError.class, () -> pool.share(taken[0]));
  }

  @Test
  void sizesOutOfRangeAreNamed() {
    assertThrows(IllegalArgumentException.class, () -> new PagePool(0, 16));
    assertThrows(IllegalArgumentException.class, () -> new PagePool(PagePool.PAGES_MAX + 1, 16));
    var thrown = assertThrows(IllegalArgumentException.class, () -> new PagePool(1, 24));
    assertEquals("pageTokens must be a power of two, got 24", thrown.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new PagePool(1, 0));
  }

  @Test
  void aTableGrowsByWholePagesAndReturnsThem() {
    var pool = new PagePool(10, 16);
    try (var table = new PageTable(pool)) {
      assertTrue(table.tryReserve(1));
      assertEquals(16, table.capacity());
      assertTrue(table.tryReserve(33));
      assertEquals(3, table.count());
      assertTrue(table.tryReserve(20));
      assertEquals(48, table.capacity());
      assertEquals(7, pool.freePages());
      assertArrayEquals(new int[] {0, 1, 2}, java.util.Arrays.copyOf(table.pages(), 3));
    }
    assertEquals(10, pool.freePages());
  }

  @Test
  void aFullCacheAnswersNoAndKeepsWhatItHas() {
    var pool = new PagePool(3, 16);
    try (var first = new PageTable(pool);
        var second = new PageTable(pool)) {
      assertTrue(first.tryReserve(32));
      assertFalse(second.tryReserve(17));
      assertEquals(0, second.count());
      assertEquals(1, pool.freePages());
      assertTrue(second.tryReserve(16));
      assertFalse(second.tryReserve(300));
      assertEquals(16, second.capacity());
    }
    assertEquals(3, pool.freePages());
  }
}
