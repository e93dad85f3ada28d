package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Holds the scanners against `java.util.regex`, which runs the very expressions of the table.
@ExtendWith(Seeded.class)
class PreTokenizerTest {
  private static final int TEXTS = 500;

  @ParameterizedTest
  @EnumSource
  void wordsAreThoseThatTheRegularExpressionsFind(PreTokenizer family, Random random) {
    var stages = family.stages();
    var patterns = family.regexes().stream().map(PreTokenizerTest::oracle).toList();
    for (int i = 0; i < TEXTS; i++) {
      String text = NastyText.of(random, 8);
      assertEquals(
          expected(patterns, text),
          words(text, PreTokenizer.split(stages, text)),
          () -> family + ": " + text.codePoints().mapToObj(Integer::toHexString).toList());
    }
  }

  @ParameterizedTest
  @EnumSource
  void workGrowsNoFasterThanTheText(PreTokenizer family) {
    var stages = family.stages();
    for (String part :
        List.of(
            "a",
            "A",
            " ",
            "\n",
            "1",
            "!",
            "'",
            "\u0301",
            "\u4e2d",
            "\ud83d\ude00",
            "\u4e2dA",
            "A\u0301",
            " a",
            "  a",
            " \n",
            "1a",
            "\u3000",
            "'s",
            "IMGIMG",
            "<sentinel:1")) {
      for (String end : List.of("", "x", "!", "\n")) {
        long small = charactersRead(stages, part.repeat(2_000 / part.length()) + end);
        long large = charactersRead(stages, part.repeat(20_000 / part.length()) + end);
        assertTrue(
            large <= 12 * small,
            () -> "%s of '%s': %,d, then %,d".formatted(family, part, small, large));
      }
    }
  }

  @Test
  void everyNameHasOneFamily() {
    var names = PreTokenizer.allNames();
    assertEquals(names.size(), new HashSet<>(names).size());
    for (String name :
        List.of(
            "default",
            "gpt-2",
            "llama-bpe",
            "llama3",
            "qwen2",
            "qwen35",
            "deepseek-llm",
            "deepseek-coder",
            "deepseek-v3",
            "deepseek-r1-qwen",
            "starcoder",
            "refact",
            "command-r",
            "falcon",
            "mpt",
            "olmo",
            "dbrx",
            "smollm",
            "codeshell",
            "bloom",
            "poro-chat",
            "viking",
            "tekken",
            "chameleon",
            "gpt-4o",
            "llama4",
            "smaug-bpe",
            "exaone",
            "minerva-7b",
            "jais",
            "phi-2",
            "stablelm2",
            "chatglm-bpe",
            "glm4",
            "kimi-k2",
            "superbpe",
            "gemma4")) {
      assertTrue(names.contains(name), name);
      assertEquals(1, named(name), name);
    }
  }

  @Test
  void expressionsOutsideTheLanguageAreRefused() {
    for (String regex : List.of("(a|b)+", "a++", "[a]|*", "(?=x)", "\\w+")) {
      assertThrows(IllegalArgumentException.class, () -> new RegexStage(regex), regex);
    }
  }

  /// The expression for `java.util.regex`, with Unicode's classes as the families mean them.
  static Pattern oracle(String regex) {
    String unicode =
        regex
            .replace("\\p{Han}", "\\p{IsHan}")
            .replace("\\b", "(?![\\p{IsAlphabetic}\\p{M}\\d\\p{Pc}])");
    return Pattern.compile(unicode, Pattern.UNICODE_CHARACTER_CLASS);
  }

  private static long named(String name) {
    return List.of(PreTokenizer.values()).stream().filter(f -> f.names().contains(name)).count();
  }

  private static List<String> expected(List<Pattern> patterns, String text) {
    List<String> words = List.of(text);
    for (var pattern : patterns) {
      var finer = new ArrayList<String>();
      for (String word : words) {
        var matcher = pattern.matcher(word);
        int from = 0;
        while (matcher.find()) {
          finer.add(word.substring(from, matcher.start()));
          finer.add(matcher.group());
          from = matcher.end();
        }
        finer.add(word.substring(from));
      }
      finer.removeIf(String::isEmpty);
      words = finer;
    }
    return words;
  }

  private static List<String> words(String text, Ids ends) {
    var words = new ArrayList<String>();
    int from = 0;
    for (int i = 0; i < ends.size(); i++) {
      words.add(text.substring(from, ends.get(i)));
      from = ends.get(i);
    }
    words.removeIf(String::isEmpty); // of an empty text
    return words;
  }

  private static long charactersRead(List<Stage> stages, String text) {
    var counting = new CountingText(text);
    PreTokenizer.split(stages, counting);
    return counting.reads;
  }

  private static final class CountingText implements CharSequence {
    private final String text;
    private long reads;

    CountingText(String text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      reads++;
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int from, int to) {
      return text.subSequence(from, to);
    }
  }
}
