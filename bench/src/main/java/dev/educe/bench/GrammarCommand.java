package dev.educe.bench;

import dev.educe.format.Gguf;
import dev.educe.grammar.Grammar;
import dev.educe.grammar.GrammarCache;
import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.grammar.TokenGrammar;
import dev.educe.grammar.TokenMatcher;
import dev.educe.grammar.TokenTrie;
import dev.educe.grammar.Tool;
import dev.educe.grammar.ToolFormat;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// `./dev bench grammar`: masks and steps along random texts of a few schemas, and how long a list
/// of 64 tools and one of 128 take to compile.
final class GrammarCommand {
  private static final List<String> SCHEMAS =
      List.of(
          "true",
          """
          {"type":"object","properties":{"city":{"type":"string","maxLength":40},
           "days":{"type":"integer","minimum":1,"maximum":14},"unit":{"enum":["c","f"]}},
           "required":["city","days"],"additionalProperties":false}\
          """,
          """
          {"type":"object","properties":{"when":{"type":"string","format":"date-time"},
           "name":{"type":"string","pattern":"^[A-Za-z ]+$","maxLength":60}},
           "required":["when","name"],"additionalProperties":false}\
          """,
          """
          {"type":"array","maxItems":20,"items":{"type":"object","properties":{
           "x":{"type":"number","minimum":0,"maximum":1},
           "tags":{"type":"array","items":{"type":"string","maxLength":20},"maxItems":5}},
           "required":["x","tags"],"additionalProperties":false}}\
          """);

  private static final int WARM_UP_TEXTS = 20;
  private static final int TEXTS = 30;
  private static final int TOKENS_MAX = 80;
  private static final int COMPILATIONS = 6;

  private final Path file;

  /// @throws IllegalArgumentException unless one file is named
  GrammarCommand(Path root, List<String> words) {
    if (words.size() != 1) {
      throw new IllegalArgumentException("name one MODEL, of which only the vocabulary is read");
    }
    this.file = root.resolve(words.getFirst());
  }

  void run() throws IOException {
    Tokenizer tokenizer;
    try (var gguf = Gguf.open(file)) {
      tokenizer = Tokenizer.of(gguf.metadata());
    }
    TokenTrie trie = TokenTrie.of(tokenizer);
    System.out.printf("%,d tokens%n", trie.vocabularySize());
    for (String schema : SCHEMAS) {
      walk(Grammar.schema(schema, SchemaOptions.defaults()), trie, WARM_UP_TEXTS);
      double[][] times = walk(Grammar.schema(schema, SchemaOptions.defaults()), trie, TEXTS);
      System.out.printf(
          "masks (µs): half %.1f, 99 %% %.1f; steps: half %.1f, 99 %% %.1f; %s%n",
          at(times[0], 0.5),
          at(times[0], 0.99),
          at(times[1], 0.5),
          at(times[1], 0.99),
          schema.lines().findFirst().orElseThrow());
    }
    compile(trie, 64, 8);
    compile(trie, 128, 11);
  }

  private static double at(double[] sorted, double share) {
    return sorted[(int) (share * sorted.length)];
  }

  /// Microseconds of masks and of steps, sorted; the grammar's own caches begin empty.
  private static double[][] walk(Grammar grammar, TokenTrie trie, int texts) {
    var random = new Random(1);
    var masks = new ArrayList<Double>();
    var steps = new ArrayList<Double>();
    TokenGrammar tokens = grammar.over(trie);
    for (int text = 0; text < texts; text++) {
      TokenMatcher matcher = tokens.matcher();
      for (int i = 0; i < TOKENS_MAX && !matcher.mustEnd(); i++) {
        long start = System.nanoTime();
        long[] allowed = matcher.allowed();
        masks.add((System.nanoTime() - start) / 1e3);
        int token = draw(allowed, random);
        start = System.nanoTime();
        matcher.accept(token);
        steps.add((System.nanoTime() - start) / 1e3);
      }
    }
    return new double[][] {sorted(masks), sorted(steps)};
  }

  private static double[] sorted(List<Double> times) {
    double[] sorted = times.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  private static int draw(long[] allowed, Random random) {
    int count = 0;
    int chosen = -1;
    for (int token = 0; token < 64 * allowed.length; token++) {
      if ((allowed[token >> 6] >>> token & 1) != 0 && random.nextInt(++count) == 0) {
        chosen = token;
      }
    }
    return chosen;
  }

  private static void compile(TokenTrie trie, int count, int properties) {
    var tools = new ArrayList<Tool>();
    int bytes = 0;
    for (int i = 0; i < count; i++) {
      String schema = tool(i, properties);
      bytes += schema.length();
      tools.add(new Tool("tool" + i, schema));
    }
    var none = new Part.Text("");
    var format =
        new ToolFormat(
            none,
            new Part.Text("{\"name\": \""),
            new Part.Text("\", \"arguments\": "),
            new Part.Text("}"),
            none,
            none,
            1,
            SchemaOptions.defaults().closed());
    for (int i = 0; i < COMPILATIONS; i++) {
      long start = System.nanoTime();
      Grammar.tools(tools, format).over(trie);
      System.out.printf(
          "%d tools, %,d bytes: %.0f ms%n", count, bytes, (System.nanoTime() - start) / 1e6);
    }
    var cache = new GrammarCache(trie, 64 << 20);
    cache.of(format.calls(tools));
    long start = System.nanoTime();
    cache.of(format.calls(tools));
    System.out.printf("cached: %.1f ms%n", (System.nanoTime() - start) / 1e6);
  }

  private static String tool(int index, int properties) {
    var schema = new StringBuilder("{\"type\":\"object\",\"properties\":{");
    for (int i = 0; i < properties; i++) {
      String kind =
          switch (i % 5) {
            case 0 -> "\"type\":\"string\",\"maxLength\":" + (100 + index);
            case 1 -> "\"type\":\"integer\",\"minimum\":0,\"maximum\":" + (10 * index + i);
            case 2 -> "\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":10";
            case 3 -> "\"enum\":[\"a\",\"b\",\"c" + index + "\"]";
            default -> "\"type\":[\"string\",\"null\"],\"format\":\"date\"";
          };
      schema
          .append(i > 0 ? "," : "")
          .append("\"arg%d_%d\":{\"description\":\"".formatted(i, index))
          .append("what it is for, at some length. ".repeat(4))
          .append("\",%s}".formatted(kind));
    }
    return schema.append("},\"required\":[\"arg0_%d\"]}".formatted(index)).toString();
  }
}
