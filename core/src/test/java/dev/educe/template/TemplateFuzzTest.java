package dev.educe.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/// Whatever a template is, it renders within its bounds or fails with one sentence.
@Tag("fuzz")
class TemplateFuzzTest {
  private static final Bounds BOUNDS = new Bounds(20_000, 1, 20_000, 1);

  private static final List<String> PARTS =
      List.of(
          "{{ ",
          " }}",
          "{% ",
          " %}",
          "{# ",
          " #}",
          "{%- ",
          " -%}",
          "{{- ",
          " -}}",
          "\n",
          "  ",
          "if ",
          "elif ",
          "else",
          "endif",
          "for ",
          " in ",
          "endfor",
          "set ",
          "endset",
          "macro ",
          "endmacro",
          "call ",
          "endcall",
          "filter ",
          "endfilter",
          "with ",
          "endwith",
          "raw",
          "endraw",
          "generation",
          "endgeneration",
          "block ",
          "break",
          "continue",
          "recursive",
          "loop",
          "loop.index",
          "caller()",
          "varargs",
          "namespace(",
          "ns.a",
          "range(",
          "dict(",
          "cycler(",
          "m",
          "f(",
          "x",
          "s",
          "l",
          "d",
          " = ",
          " == ",
          " < ",
          " ~ ",
          " + ",
          " - ",
          " * ",
          " // ",
          " % ",
          " ** ",
          "|",
          " is ",
          " not ",
          " and ",
          " or ",
          "(",
          ")",
          "[",
          "]",
          "{",
          "}",
          ",",
          ":",
          ".",
          "'",
          "\"",
          "'a'",
          "'%s'",
          "'{}'",
          "0",
          "1",
          "-1",
          "2.5",
          "1e9",
          "99999",
          "none",
          "true",
          "join",
          "map",
          "select",
          "tojson",
          "sort",
          "groupby",
          "format",
          ".format(",
          ".split(",
          ".replace(",
          ".items()",
          "upper",
          "default",
          "replace",
          "indent",
          "attribute=",
          "wordwrap",
          "slice",
          "batch",
          "round",
          "int",
          "string",
          "defined",
          "odd");

  private static final Map<String, Object> ARGUMENTS =
      Map.of(
          "s",
          "te xt-🦙\n",
          "l",
          List.of(3, "a", List.of(1.5, "b")),
          "d",
          Map.of("a", 1, "b", Map.of("c", "d")),
          "x",
          7);

  @FuzzTest(maxDuration = "10s")
  void anySource(FuzzedDataProvider data) {
    render(data.consumeRemainingAsString());
  }

  @FuzzTest(maxDuration = "10s")
  void anyParts(FuzzedDataProvider data) {
    var source = new StringBuilder();
    while (data.remainingBytes() > 0 && source.length() < 2_000) {
      source.append(data.consumeInt(0, 20) == 0 ? data.consumeString(3) : data.pickValue(PARTS));
    }
    render(source.toString());
  }

  @FuzzTest(maxDuration = "10s")
  void anyExpression(FuzzedDataProvider data) {
    var source = new StringBuilder("{{ ");
    while (data.remainingBytes() > 0 && source.length() < 400) {
      source.append(data.pickValue(PARTS.subList(44, PARTS.size())));
    }
    render(source.append(" }}").toString());
  }

  private static void render(String source) {
    try {
      var rendering =
          Template.parse(source).render(Rendered.values(ARGUMENTS), Rendered.NOW, BOUNDS);
      int end = 0;
      for (var span : rendering.spans()) {
        assertEquals(end, span.start());
        end = span.end();
      }
      assertEquals(rendering.text().length(), end);
    } catch (TemplateException e) {
      assertFalse(e.sentence().contains("\u0000 at "), e.getMessage());
    }
  }
}
