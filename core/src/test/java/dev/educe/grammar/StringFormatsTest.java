package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class StringFormatsTest {
  private static String schema(String format) {
    return "{\"type\":\"string\",\"format\":\"%s\"}".formatted(format);
  }

  private static void check(String format, List<String> good, List<String> bad) {
    Grammar grammar = Grammar.schema(schema(format), SchemaOptions.defaults());
    var validator = new SchemaValidator(schema(format));
    for (String text : good) {
      String json = JsonText.quote(text);
      assertTrue(grammar.accepts(json.getBytes(StandardCharsets.UTF_8)), format + " " + json);
      assertEquals("", validator.problems(json), format);
    }
    for (String text : bad) {
      byte[] json = JsonText.quote(text).getBytes(StandardCharsets.UTF_8);
      assertFalse(grammar.accepts(json), format + " " + text);
    }
  }

  @Test
  void whatAFormatWritesTheValidatorAccepts(Random random) {
    for (String format : StringFormats.names()) {
      Grammar grammar = Grammar.schema(schema(format), SchemaOptions.defaults());
      var validator = new SchemaValidator(schema(format));
      for (int i = 0; i < 150; i++) {
        String text = withoutQuirks(format, RandomText.of(grammar, random));
        assertEquals("", validator.problems(text), () -> format + " wrote " + text);
      }
    }
  }

  /// The validator knows which domains are registered, and takes a pointer that ends in `#` for
  /// none, whatever RFC 6901 says.
  private static String withoutQuirks(String format, String text) {
    return switch (format) {
      case "email", "idn-email" -> text.replaceAll("\\.[A-Za-z]+\"$", ".de\"");
      case "json-pointer" -> text.replace('#', 'x');
      case "relative-json-pointer" -> text.contains("/") ? text.replace('#', 'x') : text;
      default -> text;
    };
  }

  /// Source: RFC 5321, section 4.1.2 without quoted local parts and addresses in brackets, and the
  /// lengths of section 4.5.3.
  @Test
  void mail() {
    String long64 = "a".repeat(64);
    check(
        "email",
        List.of("joe.bloggs@example.com", "te~st@example.com", "a+b@x.org", long64 + "@x.org"),
        List.of(
            "",
            "joe",
            "@example.com",
            ".a@x.org",
            "a.@x.org",
            "a..b@x.org",
            "a@-x.org",
            "a@x-.org",
            "a@x",
            "a@x..org",
            "a b@x.org",
            long64 + "a@x.org",
            "a@" + "b".repeat(64) + ".org",
            "a@" + "b.".repeat(130) + "org"));
  }

  @Test
  void hosts() {
    check(
        "hostname",
        List.of("www.example.com", "a", "1host", "x-y.z", "a-b"),
        List.of("", "-a", "a-", "a..b", "a_b", "xn--x", "a".repeat(64), "a.".repeat(130) + "b"));
  }

  @Test
  void pointersTemplatesAndInternationalForms() {
    check(
        "relative-json-pointer",
        List.of("0", "1/a", "12#", "0/~0"),
        List.of("", "01", "-1", "0##"));
    check("uri-template", List.of("http://x/{a}/{b:3}{?c*}"), List.of("{", "{}", "{a", "a b", "}"));
    check("iri", List.of("http://ex.org/\u00fc?\u00e4=1"), List.of("\u00e4", "/abc", "\\\\a"));
  }

  @Test
  void whatHasNoLanguageOfItsOwnIsRefusedByItsPlace() {
    for (String format : List.of("regex", "idn-hostname")) {
      var problem =
          assertThrows(
              GrammarException.class,
              () -> Grammar.schema(schema(format), SchemaOptions.defaults()));
      assertTrue(problem.getMessage().startsWith("schema at #/format: "), problem.getMessage());
    }
    Grammar noted = Grammar.schema(schema("int32"), SchemaOptions.defaults());
    assertTrue(noted.accepts("\"any\"".getBytes(StandardCharsets.UTF_8)));
  }
}
