package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class AutomatonTest {
  private static final int TEXT_MAX = 5;

  private static boolean accepts(Expression root, Map<String, Expression> rules, String text) {
    return new Grammar(root, rules).accepts(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void randomExpressionsReadWhatTheirDefinitionSays(Random random) {
    for (int round = 0; round < 400; round++) {
      var rules = new LinkedHashMap<String, Expression>();
      rules.put("r", expression(random, 2, false));
      rules.put("s", expression(random, 2, true));
      Expression root = expression(random, 3, true);
      Grammar grammar;
      try {
        grammar = new Grammar(root, rules);
      } catch (GrammarException refused) {
        boolean isEmpty = refused.getMessage().startsWith("no text can ever fit");
        assertTrue(
            isEmpty
                ? texts(root, rules, 8).isEmpty()
                : refused.getMessage().contains("begins with itself"),
            refused.getMessage());
        continue;
      }
      Set<String> expected = texts(root, rules, 8);
      for (String text : everyText("ab", TEXT_MAX)) {
        assertEquals(
            expected.contains(text),
            grammar.accepts(text.getBytes(StandardCharsets.UTF_8)),
            () -> root + " with " + rules + " on \"" + text + "\"");
      }
    }
  }

  private static Expression expression(Random random, int depth, boolean isRecursive) {
    if (depth == 0) {
      return switch (random.nextInt(isRecursive ? 5 : 3)) {
        case 0 -> Expression.EMPTY;
        case 3 -> new Expression.Rule("r");
        case 4 -> new Expression.Rule("s");
        default -> new Expression.Bytes(ByteSet.of(random.nextBoolean() ? 'a' : 'b'));
      };
    }
    var parts = new ArrayList<Expression>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      parts.add(expression(random, depth - 1, isRecursive));
    }
    return switch (random.nextInt(3)) {
      case 0 -> Expression.sequence(parts);
      case 1 -> Expression.choice(parts);
      default -> {
        int min = random.nextInt(3);
        int max = random.nextBoolean() ? Expression.UNBOUNDED : min + random.nextInt(3);
        yield new Expression.Repeat(parts.getFirst(), min, max);
      }
    };
  }

  /// All texts of an expression up to [#TEXT_MAX], straight from the definition.
  private static Set<String> texts(Expression e, Map<String, Expression> rules, int calls) {
    return switch (e) {
      case Expression.Bytes(ByteSet set) -> {
        var found = new HashSet<String>();
        for (char c : new char[] {'a', 'b'}) {
          if (set.contains(c)) {
            found.add(String.valueOf(c));
          }
        }
        yield found;
      }
      case Expression.Sequence(var parts) -> {
        Set<String> found = Set.of("");
        for (Expression part : parts) {
          found = joined(found, texts(part, rules, calls));
        }
        yield found;
      }
      case Expression.Choice(var options) -> {
        var found = new HashSet<String>();
        options.forEach(option -> found.addAll(texts(option, rules, calls)));
        yield found;
      }
      case Expression.Repeat(var part, int min, int max) -> {
        Set<String> one = texts(part, rules, calls);
        Set<String> turn = Set.of("");
        var found = new HashSet<String>();
        for (int i = 0; i <= Math.min(max, min + TEXT_MAX); i++) {
          if (i >= min) {
            found.addAll(turn);
          }
          turn = joined(turn, one);
        }
        yield found;
      }
      case Expression.Rule(String name) ->
          calls == 0 ? Set.of() : texts(rules.get(name), rules, calls - 1);
      case Expression.Machine _ -> throw new AssertionError("none are made here");
    };
  }

  private static Set<String> joined(Set<String> first, Set<String> second) {
    var found = new HashSet<String>();
    for (String a : first) {
      for (String b : second) {
        if (a.length() + b.length() <= TEXT_MAX) {
          found.add(a + b);
        }
      }
    }
    return found;
  }

  private static List<String> everyText(String alphabet, int length) {
    var texts = new ArrayList<>(List.of(""));
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).length() < length) {
        for (char c : alphabet.toCharArray()) {
          texts.add(texts.get(i) + c);
        }
      }
    }
    return texts;
  }

  @Test
  void everyCharacterIsReadAsItsBytes(Random random) {
    for (int round = 0; round < 200; round++) {
      int low = random.nextInt(CodePoints.MAX >> random.nextInt(20));
      int high = low + random.nextInt(1 + (CodePoints.MAX - low >> random.nextInt(20)));
      CodePoints set = CodePoints.range(low, high);
      if (set.isEmpty()) {
        continue; // surrogates alone
      }
      var grammar = new Grammar(Utf8.expression(set), Map.of());
      for (int c : new int[] {low - 1, low, (low + high) / 2, high, high + 1}) {
        if (c >= 0 && c <= CodePoints.MAX && (c < 0xd800 || c > 0xdfff)) {
          byte[] bytes = Character.toString(c).getBytes(StandardCharsets.UTF_8);
          assertEquals(c >= low && c <= high, grammar.accepts(bytes), "%x".formatted(c));
        }
      }
    }
  }

  @Test
  void countersTakeNoRoom() {
    var many = new Expression.Repeat(Utf8.expression(CodePoints.ALL), 3, 2_000_000_000);
    assertFalse(accepts(many, Map.of(), "ab"));
    assertTrue(accepts(many, Map.of(), "abc"));
    assertTrue(accepts(many, Map.of(), "ä".repeat(10_000)));
    var none = new Expression.Repeat(new Expression.Bytes(ByteSet.of('a')), 1_000_000, 1_000_000);
    assertFalse(accepts(none, Map.of(), "a".repeat(999_999)));
    assertTrue(accepts(none, Map.of(), "a".repeat(1_000_000)));
  }

  @Test
  void deepTextsNeedNoDeepStack() {
    var rules = Gbnf.parse("root ::= \"[\" root? \"]\"");
    int depth = 100_000;
    String text = "[".repeat(depth) + "]".repeat(depth);
    assertTrue(accepts(new Expression.Rule("root"), rules, text));
    assertFalse(accepts(new Expression.Rule("root"), rules, text + "]"));
  }

  @Test
  void ambiguityIsRefused() {
    var a = new Expression.Bytes(ByteSet.of('a'));
    var bomb = new Expression.Repeat(new Expression.Repeat(a, 1, 1_000_000), 1, 1_000_000);
    var grammar = new Grammar(bomb, Map.of());
    assertThrows(GrammarException.class, () -> grammar.accepts("a".repeat(100_000).getBytes()));
  }

  @Test
  void literalsShareTheirBeginnings() {
    var texts = List.of("", "no", "not", "nothing", "yes", "ä", "no");
    var grammar = Grammar.choice(texts);
    for (String text : texts) {
      assertTrue(grammar.accepts(text.getBytes(StandardCharsets.UTF_8)), text);
    }
    for (String text : List.of("n", "noth", "nothing ", "Yes")) {
      assertFalse(grammar.accepts(text.getBytes(StandardCharsets.UTF_8)), text);
    }
  }
}
