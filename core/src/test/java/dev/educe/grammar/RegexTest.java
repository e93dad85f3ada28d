package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class RegexTest {
  private static boolean matches(String regex, String text) {
    return Grammar.regex(regex).accepts(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertRefused(String regex, String problem) {
    String message = assertThrows(GrammarException.class, () -> Grammar.regex(regex)).getMessage();
    assertTrue(message.contains(problem), message);
  }

  /// `java.util.regex` means the same by what is drawn here.
  @Test
  void randomExpressionsMatchWhatOthersSay(Random random) {
    for (int round = 0; round < 500; round++) {
      String regex = regex(random, 3);
      var grammar = searched(regex, false);
      var search = searched(regex, true);
      var pattern = Pattern.compile(regex);
      for (int i = 0; i < 40; i++) {
        var text = new StringBuilder();
        for (int length = random.nextInt(7); length > 0; length--) {
          text.append("abcä".charAt(random.nextInt(4)));
        }
        assertEquals(
            pattern.matcher(text).matches(), grammar.accepts(text.toString()), regex + " " + text);
        assertEquals(
            pattern.matcher(text).find(), search.accepts(text.toString()), regex + " in " + text);
      }
    }
  }

  private static CharMachine searched(String regex, boolean isSearch) {
    Regex read = Regex.read(regex);
    return RegexMachine.of(isSearch ? read.searched() : read);
  }

  private static String regex(Random random, int depth) {
    if (depth == 0) {
      return List.of("a", "b", "[ab]", "[^a]", ".", "\\w", "c", "^", "$").get(random.nextInt(9));
    }
    var parts = new ArrayList<String>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      parts.add(regex(random, depth - 1));
    }
    return switch (random.nextInt(3)) {
      case 0 -> String.join("", parts);
      case 1 -> "(" + String.join("|", parts) + ")";
      default ->
          "(?:"
              // Others disagree with the standard on empty turns of what is repeated.
              + parts.getFirst().replaceAll("\\$|(?<!\\[)\\^", "")
              + ")"
              + List.of("*", "+?", "?", "{2}", "{1,3}", "{2,}").get(random.nextInt(6));
    };
  }

  @Test
  void charactersAreWhatTheyAreCalled() {
    assertTrue(matches("\\u0041\\x42\\u{1F600}\\ud83d\\ude00\\t\\cA\\0", "AB😀😀\t\u0001\0"));
    assertTrue(matches("\\p{L}+\\p{Script=Greek}[\\p{Nd}_-]", "äЖλ٣"));
    assertTrue(matches("[\\]\\\\-]+\\/\\.", "]\\-/."));
    assertTrue(matches("x{,2}{a}", "x{,2}{a}"));
    assertTrue(matches("(?<year>\\d{4})-\\s", "2024-\u00a0"));
    assertTrue(matches("a{0,1000000000}", "aaa"));
  }

  @Test
  void whatCannotBeHeldIsRefusedByItsPosition() {
    assertRefused("a(?=b)", "character 2: looking ahead");
    assertRefused("(?<!b)", "character 1: looking");
    assertRefused("(a)\\1", "character 4: references back");
    assertRefused("\\bx", "character 1: \\b looks");
    assertRefused("(?i)x", "character 1: flags");
    assertRefused("*a", "character 1: there is nothing");
    assertRefused("a**", "character 3: there is nothing");
    assertRefused("(a", "character 1: this ( is never closed");
    assertRefused("a)", "character 2: there is no (");
    assertRefused("[a", "character 1: this [ is never closed");
    assertRefused("[b-a]", "backwards");
    assertRefused("a{3,2}", "backwards");
    assertRefused("a{0,9999999999}", "more than");
    assertRefused("\\q", "there is no escape");
    assertRefused("\\p{Nonsense}", "there is no property");
    assertRefused("(".repeat(1_000_000), "more than");
    assertRefused("(".repeat(10_000), "nested");
    assertRefused("a^b", "no text");
  }

  @Test
  void explosivePatternsAreLinear() {
    String text = "a".repeat(5_000);
    for (String regex : List.of("(a+)+$", "(a|a)*", "(.*)*", "((a?){20})*", "(x+x+)+y|a*")) {
      assertTrue(matches(regex, text), regex);
    }
    assertTrue(matches("[ab]*a[ab]{18}", text));
    assertTrue(matches("(a)".repeat(10_000) + "?", "a".repeat(10_000)));
    assertTrue(matches("[\\w\\W\\d\\D]".repeat(200), "a".repeat(200)));
    assertRefused("((a{1,900}){1,900}){1,900}", "too large");
  }
}
