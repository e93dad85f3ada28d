package dev.educe.bench;

import dev.educe.format.Gguf;
import dev.educe.grammar.Grammar;
import dev.educe.grammar.GrammarException;
import dev.educe.grammar.SchemaOptions;
import dev.educe.grammar.TokenMatcher;
import dev.educe.grammar.TokenTrie;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `./dev bench schemas`: how much of a collection of schemas is enforced, and whether it is
/// enforced right.
///
/// A file holds cases, one or an array of them: a `schema` and `tests`, each with `data` and
/// whether that is `valid`. So are the files of MaskBench and of the JSON Schema Test Suite.
final class SchemasCommand {
  private static final Set<String> VALUED = Set.of("--model", "--show");
  private static final int REASONS = 30;
  private static final double SLOW = 1_000; // milliseconds

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final Path directory;
  private final Path model; // null: no masks are made
  private final List<String> shown; // the kinds of which each is shown
  private TokenTrie trie;
  private Tokenizer tokenizer;

  private int schemas;
  private int refused;
  private int crashed;
  private int faultless;
  private int validRead;
  private int validNot;
  private int invalidRead;
  private int invalidNot;
  private final Map<String, Integer> reasons = new TreeMap<>();
  private final List<Double> compilations = new ArrayList<>(); // milliseconds
  private final List<Double> masks = new ArrayList<>(); // microseconds

  /// @throws IllegalArgumentException unless one directory is named
  SchemasCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1) {
      throw new IllegalArgumentException("name one DIRECTORY with schemas and their tests");
    }
    this.directory = root.resolve(arguments.rest().getFirst());
    this.model = arguments.value("--model").map(root::resolve).orElse(null);
    this.shown = List.of(arguments.value("--show").orElse("").split(","));
  }

  void run() throws IOException {
    if (model != null) {
      try (var gguf = Gguf.open(model)) {
        tokenizer = Tokenizer.of(gguf.metadata());
        trie = TokenTrie.of(tokenizer);
      }
    }
    List<Path> files;
    try (var all = Files.walk(directory)) {
      files = all.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
    for (Path file : files) {
      JsonNode json;
      try {
        json = MAPPER.readTree(Files.readAllBytes(file));
      } catch (JacksonException wrong) {
        throw new IOException(file + " is not JSON: " + wrong.getOriginalMessage());
      }
      for (JsonNode each : json.isArray() ? json : List.of(json)) {
        check(file.getFileName().toString(), each);
      }
    }
    report();
  }

  private void check(String file, JsonNode each) {
    schemas++;
    Grammar grammar;
    long start = cpuNanos();
    try {
      grammar = Grammar.schema(each.path("schema").toString(), SchemaOptions.defaults());
      double milliseconds = (cpuNanos() - start) / 1e6;
      compilations.add(milliseconds);
      if (milliseconds > SLOW) {
        show("slow", file, "%.0f ms".formatted(milliseconds));
      }
      int wrong = validNot + invalidRead;
      each.path("tests").forEach(test -> check(file, grammar, test));
      faultless += validNot + invalidRead == wrong ? 1 : 0;
    } catch (GrammarException problem) {
      refused++;
      reasons.merge(reason(problem.getMessage()), 1, Integer::sum);
      show("refused", file, problem.getMessage());
    } catch (RuntimeException | StackOverflowError mistake) {
      crashed++;
      show("crashed", file, mistake.toString());
    }
  }

  /// Of this thread: a collection takes minutes, which others use as well.
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private void check(String file, Grammar grammar, JsonNode test) {
    String text = text(test.path("data"));
    boolean isRead = grammar.accepts(text.getBytes(StandardCharsets.UTF_8));
    boolean isValid = test.path("valid").asBoolean();
    validRead += isValid && isRead ? 1 : 0;
    validNot += isValid && !isRead ? 1 : 0;
    invalidRead += !isValid && isRead ? 1 : 0;
    invalidNot += !isValid && !isRead ? 1 : 0;
    if (isValid != isRead) {
      show(isRead ? "read" : "unread", file, text);
    } else if (isRead && trie != null) {
      walk(grammar, text);
    }
  }

  /// The masks on the way through a text; the grammar's caches begin empty.
  private void walk(Grammar grammar, String text) {
    TokenMatcher matcher = grammar.over(trie).matcher();
    for (int token : tokenizer.encodePlain(text, false)) {
      long start = System.nanoTime();
      matcher.allowed();
      masks.add((System.nanoTime() - start) / 1e3);
      if (!matcher.accept(token)) {
        break; // of a vocabulary that spells a text's beginning in its own way
      }
    }
  }

  private void show(String kind, String file, String what) {
    if (shown.contains(kind)) {
      System.out.printf("%s %s: %.400s%n", kind, file, what);
    }
  }

  /// The keyword at the end of a pointer, and what is said of it.
  private static String reason(String message) {
    int end = message.indexOf(": ");
    String place = message.startsWith("schema at #") && end > 0 ? message.substring(10, end) : "";
    String said = message.substring(place.isEmpty() ? 0 : end + 2).replaceAll("\\d+", "N");
    boolean isOfKeyword = !place.isEmpty() && said.length() < 120;
    String keyword = place.substring(place.lastIndexOf('/') + 1);
    return isOfKeyword && keyword.matches("[a-zA-Z$]+") ? keyword + ": " + said : said;
  }

  private void report() {
    System.out.printf(
        "%,d schemas: %,d compiled (%.1f %%), %,d refused, %,d crashed; %,d right in all tests%n",
        schemas,
        schemas - refused - crashed,
        100.0 * (schemas - refused - crashed) / schemas,
        refused,
        crashed,
        faultless);
    System.out.printf(
        "valid texts: %,d read, %,d not; invalid texts: %,d refused, %,d read%n",
        validRead, validNot, invalidNot, invalidRead);
    print("compiling (ms)", compilations);
    print("masks (µs)", masks);
    reasons.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(REASONS)
        .forEach(reason -> System.out.printf("%6d  %.150s%n", reason.getValue(), reason.getKey()));
  }

  private static void print(String name, List<Double> times) {
    if (!times.isEmpty()) {
      Series series = Series.of(times);
      System.out.printf(
          "%s: half %.2f, 90 %% %.2f, 99 %% %.2f, 99.9 %% %.2f, most %.1f, mean %.2f of %,d%n",
          name,
          series.median(),
          series.at(0.9),
          series.at(0.99),
          series.at(0.999),
          series.greatest(),
          times.stream().mapToDouble(Double::doubleValue).average().orElseThrow(),
          times.size());
    }
  }

  /// Compact JSON in canonical form, properties in the order they have.
  private static String text(JsonNode value) {
    if (value.isObject()) {
      var text = new StringJoiner(",", "{", "}");
      value.properties().forEach(p -> text.add(quote(p.getKey()) + ":" + text(p.getValue())));
      return text.toString();
    }
    if (value.isArray()) {
      var text = new StringJoiner(",", "[", "]");
      value.forEach(item -> text.add(text(item)));
      return text.toString();
    }
    if (value.isNumber()) {
      BigDecimal shortest = value.decimalValue().stripTrailingZeros();
      return shortest.precision() - shortest.scale() > 21
          ? shortest.toString()
          : shortest.toPlainString();
    }
    return value.isString() ? quote(value.asString()) : value.toString();
  }

  private static String quote(String text) {
    var quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      int index = "\b\t\n\f\r\"\\".indexOf(c);
      if (index >= 0) {
        quoted.append('\\').append("btnfr\"\\".charAt(index));
      } else if (c < ' ') {
        quoted.append("\\u%04x".formatted((int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
