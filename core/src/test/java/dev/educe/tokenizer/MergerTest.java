package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Holds merging against its definition: look for the best pair, merge it, begin again.
@ExtendWith(Seeded.class)
class MergerTest {
  private record Pair(int left, int right) {}

  private record Merge(int rank, int result) {}

  @Test
  void symbolsMergeAsTheDefinitionSays(Random random) {
    for (int round = 0; round < 2_000; round++) {
      int symbols = 2 + random.nextInt(8);
      boolean distinct = random.nextBoolean(); // a list has distinct ranks, scores may be equal
      Map<Pair, Merge> table = new HashMap<>();
      var builder = new Merges.Builder();
      for (int i = random.nextInt(30); i > 0; i--) {
        var pair = new Pair(random.nextInt(symbols), random.nextInt(symbols));
        var merge = new Merge(distinct ? i : random.nextInt(4), random.nextInt(symbols));
        builder.add(pair.left, pair.right, merge.rank, merge.result);
        table.putIfAbsent(pair, merge);
      }
      var merger = new Merger(builder.build(symbols));
      for (int repeat = 0; repeat < 3; repeat++) {
        List<Integer> text = random.ints(random.nextInt(40), 0, symbols).boxed().toList();
        assertEquals(defined(table, text), merged(merger, text), () -> table + " of " + text);
      }
    }
  }

  @Test
  void workGrowsLittleFasterThanTheText() {
    var builder = new Merges.Builder();
    for (int symbol = 0; symbol < 10; symbol++) {
      builder.add(symbol, symbol, symbol, symbol + 1); // a row of 1,024 becomes one
    }
    builder.add(10, 10, 20, 10); // and then every two such
    var merges = builder.build(11);
    long small = steps(merges, 10_000);
    long large = steps(merges, 100_000);
    assertTrue(large <= 14 * small, () -> "%,d, then %,d".formatted(small, large));
  }

  private static long steps(Merges merges, int length) {
    var merger = new Merger(merges);
    merger.begin(length); // all symbols are 0
    merger.run();
    return merger.steps();
  }

  private static List<Integer> merged(Merger merger, List<Integer> text) {
    merger.begin(text.size());
    for (int i = 0; i < text.size(); i++) {
      merger.set(i, text.get(i));
    }
    merger.run();
    var result = new ArrayList<Integer>();
    for (int i = 0; i < text.size(); i = merger.next(i)) {
      result.add(merger.symbol(i));
    }
    return result;
  }

  private static List<Integer> defined(Map<Pair, Merge> table, List<Integer> text) {
    var symbols = new ArrayList<>(text);
    while (true) {
      int best = -1;
      Merge least = null;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        var merge = table.get(new Pair(symbols.get(i), symbols.get(i + 1)));
        if (merge != null && (least == null || merge.rank < least.rank)) {
          least = merge;
          best = i;
        }
      }
      if (least == null) {
        return symbols;
      }
      symbols.set(best, least.result);
      symbols.remove(best + 1);
    }
  }
}
