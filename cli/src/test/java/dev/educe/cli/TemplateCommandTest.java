package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `educe template`: exactly what a template renders, or one sentence.
class TemplateCommandTest {
  @TempDir private Path folder;

  @Test
  void whatIsRenderedIsPrintedAndNothingElse() throws IOException {
    var file =
        write(
            "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}"
                + "{% if add_generation_prompt %}{{ strftime_now('%Y') }}{% endif %}"
                + "{{ eos_token }}");
    String input = "{\"messages\": [{\"role\": \"user\", \"content\": \"Grüße {{ 1 }}\"}]}";
    var ran = Ran.reading(input, "template", file, "--now", "2026-01-15T09:30:00");
    assertEquals(new Ran(ExitCode.OK, "<s>user: Grüße {{ 1 }}2026</s>", ""), ran);
  }

  @Test
  void argumentsMayBeAbsentAndReplaceTheDefaults() throws IOException {
    var file = write("{{ bos_token }}{{ add_generation_prompt }}{{ messages is defined }}");
    assertEquals("<s>TrueFalse", Ran.educe("template", file).out());
    String input = "{\"bos_token\": \"B\", \"add_generation_prompt\": false, \"messages\": []}";
    assertEquals("BFalseTrue", Ran.reading(input, "template", file).out());
  }

  @Test
  void whatIsWrongIsSaidInASentence() throws IOException {
    failed("line 2: no system role", "\n{{ raise_exception('no system role') }}", "");
    failed("line 1: there is no tag 'nope'", "{% nope %}", "{}");
    for (String input : List.of("{", "[1]", "nonsense")) {
      var ran = Ran.reading(input, "template", write("x"));
      assertEquals(ExitCode.FAILED, ran.code());
      assertEquals("educe: standard input is not a JSON object (line 1)\n", ran.err());
    }
  }

  private void failed(String sentence, String template, String input) throws IOException {
    var file = write(template);
    var ran = Ran.reading(input, "template", file);
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("", ran.out());
    assertTrue(ran.err().startsWith("educe: " + file + ": " + sentence), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
  }

  private String write(String template) throws IOException {
    return Files.writeString(folder.resolve("t.jinja"), template).toString();
  }
}
