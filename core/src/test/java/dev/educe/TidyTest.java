package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Reads the sources of all modules for what the compiler and the formatter let pass.
class TidyTest {
  private static final int COLUMNS_MAX = 100;
  private static final int FILE_LINES_MAX = 600;
  private static final int METHOD_LINES_MAX = 70;

  /// Fewer files than this would mean that the test looks in the wrong place.
  private static final int FILES_MIN = 60;

  /// Words that may stand nowhere, each with what to do about it. They are written in two parts for
  /// this file's own sake.
  private static final Map<String, String> BANNED_WORDS =
      Map.of(
          "FIX" + "ME", "mend it now",
          "TO" + "DO", "do it, or tell it to the issue list",
          "XX" + "X", "say what is the matter");

  private static final Pattern BANNED =
      Pattern.compile("\\b(" + String.join("|", BANNED_WORDS.keySet()) + ")\\b");

  /// Words in a type's name that say nothing, each with what to write.
  private static final Map<String, String> BANNED_NAMES =
      Map.of(
          "Impl", "say how this one is special",
          "Abstract", "prefer an interface",
          "Base", "prefer an interface",
          "Manager", "say what it does",
          "Helper", "say what it does",
          "Util", "say what it does",
          "Utils", "say what it does",
          "Info", "say what it holds");

  private static final Pattern TYPE =
      Pattern.compile("^\\s*(?:[a-z@-]+ )*(?:class|record|interface|enum) ([A-Z]\\w*)");
  private static final Pattern WORD = Pattern.compile("[A-Z][a-z0-9]*");
  private static final Pattern TABLE_ROW = Pattern.compile("^ */// *\\|"); // cannot be broken
  private static final Pattern BLOCK_END = Pattern.compile("( {2}| {4}| {6})}");
  private static final Pattern GETTER = Pattern.compile("^ *public .* get[A-Z]\\w*\\(\\).*");

  @Test
  void theSourcesAreTidy() throws IOException {
    var problems = new ArrayList<String>();
    List<Path> files = sources();
    assertTrue(files.size() >= FILES_MIN, "only " + files.size() + " files were seen");
    for (Path file : files) {
      problems.addAll(problems(root().relativize(file).toString(), Files.readAllLines(file)));
    }
    assertEquals(0, problems.size(), () -> "untidy:\n" + String.join("\n", problems));
  }

  @Test
  void whatIsUntidyIsFound() {
    assertFinds("line 1 has 101 columns", "x".repeat(101));
    assertEquals(List.of(), problems("X.java", List.of("  /// | " + "x".repeat(101))));
    assertFinds("has 601 lines", "\n".repeat(601).split("(?<=\n)"));
    assertFinds("line 1 holds " + "FIX" + "ME: mend it now", "// FIX" + "ME later");
    assertFinds(
        "line 1 names a type MathUtils: say what it does", "public final class MathUtils {");
    assertFinds("line 1 has a tab", "\tint x;");
    assertFinds("line 1 imports everything", "import java.util.*;");
    assertFinds("line 1 has an accessor with a verb", "  public int getSize() {");
    var method = new ArrayList<>(List.of("  void longMethod(", "      int x) {"));
    method.addAll(Collections.nCopies(METHOD_LINES_MAX, "    x++;"));
    method.add("  }");
    assertFinds("line 73 ends a method of 73 lines", method.toArray(String[]::new));
    var type = new ArrayList<>(method);
    type.set(0, "  record Long(");
    assertEquals(List.of(), problems("X.java", type));
  }

  private static void assertFinds(String problem, String... lines) {
    var found = problems("X.java", List.of(lines));
    assertTrue(
        found.stream().anyMatch(text -> text.startsWith("X.java: " + problem)),
        () -> "'" + problem + "' is not in " + found);
  }

  /// The folder of all modules, wherever the build runs from.
  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("core/pom.xml")) ? here : here.getParent();
  }

  /// All Java files of all modules.
  private static List<Path> sources() throws IOException {
    var files = new ArrayList<Path>();
    for (String module : List.of("core", "server", "cli", "bench")) {
      Path folder = root().resolve(module).resolve("src");
      if (Files.exists(folder)) {
        try (Stream<Path> tree = Files.walk(folder)) {
          tree.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
        }
      }
    }
    return files;
  }

  private static List<String> problems(String file, List<String> lines) {
    var problems = new ArrayList<String>();
    if (lines.size() > FILE_LINES_MAX) {
      problems.add(file + ": has " + lines.size() + " lines; at most " + FILE_LINES_MAX);
    }
    for (int i = 0; i < lines.size(); i++) {
      String start = file + ": line " + (i + 1) + " ";
      lineProblems(lines, i).forEach(problem -> problems.add(start + problem));
    }
    return problems;
  }

  private static List<String> lineProblems(List<String> lines, int index) {
    String line = lines.get(index);
    var problems = new ArrayList<String>();
    int columns = line.codePointCount(0, line.length());
    if (columns > COLUMNS_MAX && !TABLE_ROW.matcher(line).find()) {
      problems.add("has %d columns; at most %d".formatted(columns, COLUMNS_MAX));
    }
    if (line.indexOf('\t') >= 0) {
      problems.add("has a tab");
    }
    if (line.startsWith("import ") && line.endsWith("*;")) {
      problems.add("imports everything; name what is used");
    }
    if (GETTER.matcher(line).matches() && !overrides(lines, index)) {
      problems.add("has an accessor with a verb; the property's own name is enough");
    }
    BANNED
        .matcher(line)
        .results()
        .map(word -> "holds " + word.group() + ": " + BANNED_WORDS.get(word.group()))
        .forEach(problems::add);
    var type = TYPE.matcher(line);
    if (type.find()) {
      WORD.matcher(type.group(1))
          .results()
          .map(word -> BANNED_NAMES.get(word.group()))
          .filter(Objects::nonNull)
          .forEach(advice -> problems.add("names a type " + type.group(1) + ": " + advice));
    }
    blockProblem(lines, index).ifPresent(problems::add);
    return problems;
  }

  private static boolean overrides(List<String> lines, int index) {
    return index > 0 && lines.get(index - 1).strip().startsWith("@Override");
  }

  /// How many lines the block has that ends here, if it is not a type.
  ///
  /// The formatter puts a block's end below the first column of its beginning. Blocks within a
  /// method are held to the limit, too, which changes nothing.
  private static Optional<String> blockProblem(List<String> lines, int end) {
    var matcher = BLOCK_END.matcher(lines.get(end));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int start = end - 1;
    while (start > 0 && !beginsAt(lines.get(start), matcher.group(1))) {
      start--;
    }
    int count = end - start + 1;
    return count <= METHOD_LINES_MAX || TYPE.matcher(lines.get(start)).find()
        ? Optional.empty()
        : Optional.of("ends a method of %d lines; at most %d".formatted(count, METHOD_LINES_MAX));
  }

  private static boolean beginsAt(String line, String indentation) {
    return line.startsWith(indentation) && !line.startsWith(indentation + " ") && !line.isBlank();
  }
}
