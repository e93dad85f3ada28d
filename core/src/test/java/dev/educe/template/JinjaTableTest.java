package dev.educe.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Expressions, filters, tests, statements and white space against what jinja2 3.1.6 made of them.
///
/// `jinja2.json` was recorded with Python 3.11, the sandbox and the options of transformers; an
/// `error` is what Python raised, and means that we must fail, too, in words of our own.
class JinjaTableTest {
  private record Table(Map<String, Object> arguments, List<Map<String, String>> cases) {}

  @TestFactory
  Stream<DynamicTest> everyRow() throws IOException {
    try (var in = JinjaTableTest.class.getResourceAsStream("jinja2.json")) {
      var table = JsonMapper.shared().readValue(in, new TypeReference<Table>() {});
      assertTrue(table.cases().size() > 1000, "only " + table.cases().size() + " cases");
      return table.cases().stream()
          .map(row ->
              DynamicTest.dynamicTest("«" + row.get("template") + "»", () -> check(row, table)));
    }
  }

  private static void check(Map<String, String> row, Table table) {
    if (row.containsKey("text")) {
      assertEquals(row.get("text"), Rendered.text(row.get("template"), table.arguments()));
    } else {
      var failure =
          assertThrows(
              TemplateException.class,
              () -> Rendered.text(row.get("template"), table.arguments()),
              row.get("error"));
      assertTrue(failure.line() > 0, "no line: " + failure.getMessage());
    }
  }
}
