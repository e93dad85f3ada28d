package dev.educe.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A command line, taken apart: `--option VALUE`, `--flag` and the rest.
final class Arguments {
  private final Map<String, String> options = new LinkedHashMap<>();
  private final List<String> rest = new ArrayList<>();

  /// @param flags options without a value
  /// @param valued options with one
  /// @throws IllegalArgumentException if there is another option, or a value is missing
  Arguments(List<String> words, Set<String> flags, Set<String> valued) {
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (flags.contains(word)) {
        options.put(word, "");
      } else if (valued.contains(word)) {
        if (++i == words.size()) {
          throw new IllegalArgumentException(word + " needs a value");
        }
        options.put(word, words.get(i));
      } else if (word.startsWith("-")) {
        throw new IllegalArgumentException("there is no option " + word);
      } else {
        rest.add(word);
      }
    }
  }

  /// What is no option.
  List<String> rest() {
    return List.copyOf(rest);
  }

  boolean has(String flag) {
    return options.containsKey(flag);
  }

  Optional<String> value(String option) {
    return Optional.ofNullable(options.get(option));
  }

  /// @throws IllegalArgumentException if it is no positive whole number
  int number(String option, int otherwise) {
    return value(option).map(text -> positive(option, text)).orElse(otherwise);
  }

  /// Numbers with commas between them.
  ///
  /// @throws IllegalArgumentException if one is no positive whole number
  List<Integer> numbers(String option, List<Integer> otherwise) {
    return value(option)
        .map(text -> Arrays.stream(text.split(",")).map(each -> positive(option, each)).toList())
        .orElse(otherwise);
  }

  private static int positive(String option, String text) {
    if (!text.matches("[1-9][0-9]{0,5}")) {
      throw new IllegalArgumentException(
          "%s takes positive whole numbers, got '%s'".formatted(option, text));
    }
    return Integer.parseInt(text);
  }
}
