package dev.educe.cli.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// What is asked, one prompt after the other. Thread-safe.
@FunctionalInterface
public interface Prompts {
  /// Words of the two prompts that tell how many tokens a word has.
  int FEW_WORDS = 8;

  /// See [#FEW_WORDS].
  int MANY_WORDS = 136;

  /// The next prompt: a text, or an `int[]` of token ids.
  Object next();

  /// Token ids drawn at random, of which no two lists begin alike. They are from the lowest that
  /// are no special tokens in any common vocabulary, so that any model takes them.
  ///
  /// @param min least length
  /// @param max greatest length
  static Prompts ofTokens(int min, int max, Random random) {
    return () -> {
      synchronized (random) {
        return random.ints(random.nextInt(min, max + 1), 32, 256).toArray();
      }
    };
  }

  /// Words drawn at random, as many as make about so many tokens: what is asked first tells how
  /// many tokens a word has with this model.
  ///
  /// @param min least number of tokens
  /// @param max greatest
  /// @throws IOException if the server does not answer
  static Prompts ofWords(LoadClient client, int min, int max, Random random) throws IOException {
    int few = client.probe(words(FEW_WORDS, random)).promptTokens();
    int many = client.probe(words(MANY_WORDS, random)).promptTokens();
    if (many <= few) {
      throw new IOException(
          "the server does not count the tokens of prompts; give texts with --prompts");
    }
    double tokensOfWord = (double) (many - few) / (MANY_WORDS - FEW_WORDS);
    double added = few - tokensOfWord * FEW_WORDS; // by the chat template
    return () -> {
      synchronized (random) {
        double tokens = random.nextInt(min, max + 1) - added;
        return words((int) Math.max(1, Math.round(tokens / tokensOfWord)), random);
      }
    };
  }

  private static String words(int count, Random random) {
    return random
        .ints(count, 26 * 26, 26 * 26 * 26 * 26)
        .mapToObj(number -> Integer.toString(number, 26).replaceAll("[0-9]", "e"))
        .collect(Collectors.joining(" "));
  }

  /// The prompts of a file, again and again: each line one, or in a file that ends in `.jsonl` the
  /// `prompt` of each line's object.
  ///
  /// @throws IOException if it cannot be read or has none
  static Prompts ofFile(Path file) throws IOException {
    boolean isJson = file.toString().endsWith(".jsonl");
    var lines = Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
    List<String> prompts = isJson ? lines.stream().map(Prompts::prompt).toList() : lines;
    if (prompts.isEmpty() || prompts.contains("")) {
      throw new IOException(
          isJson
              ? file + ": every line must be an object with a text as its 'prompt'"
              : file + " has no line to ask");
    }
    var next = new AtomicInteger();
    return () -> prompts.get(Math.floorMod(next.getAndIncrement(), prompts.size()));
  }

  private static String prompt(String line) {
    try {
      return JsonMapper.shared().readTree(line).path("prompt").stringValue("");
    } catch (JacksonException _) {
      return "";
    }
  }
}
