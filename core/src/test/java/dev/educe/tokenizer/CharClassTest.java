package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Holds every class that a family uses against `java.util.regex`, for every assigned character.
class CharClassTest {
  private static final Pattern CLASS =
      Pattern.compile(
          "\\[(?:\\\\.|[^\\]\\[\\\\]|&&\\[\\^[^\\]]*\\])+\\]|\\\\p\\{\\w+\\}|\\\\[sdS]");

  @Test
  void everyClassInUseHasTheCharactersThatItSays() {
    var sources = new TreeSet<String>();
    for (var family : PreTokenizer.values()) {
      for (String regex : family.regexes()) {
        CLASS.matcher(regex).results().forEach(found -> sources.add(found.group()));
      }
    }
    assertTrue(sources.size() > 25, "saw " + sources);
    int[] all =
        IntStream.concat(IntStream.range(0, 0x34000), IntStream.range(0xe0000, 0xe0400))
            .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
            .toArray();
    String text = new String(all, 0, all.length);
    for (String source : sources) {
      var set = CharClass.of(source);
      var matcher = PreTokenizerTest.oracle(source).matcher(text);
      var expected = new StringBuilder();
      while (matcher.find()) {
        expected.append(matcher.group());
      }
      int[] found = Arrays.stream(all).filter(set::has).toArray();
      assertEquals(expected.toString(), new String(found, 0, found.length), source);
    }
  }

  @Test
  void whatIsNoClassIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> CharClass.of("\\w"));
    assertThrows(IllegalArgumentException.class, () -> CharClass.of("[\\p{Greek}]"));
  }
}
