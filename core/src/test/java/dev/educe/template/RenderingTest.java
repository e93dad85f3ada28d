package dev.educe.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whose text each part of a rendering is, whatever a template does to it; and renderings at once.
@ExtendWith(Seeded.class)
class RenderingTest {
  /// Content is made of these alone, and the template below has none of them.
  private static final String USERS = "αβγδ🦙ζ ηθ\nικλ";

  private static final List<String> CHANGES =
      List.of(
          "",
          "|trim",
          "|upper",
          "|lower",
          "|replace('α', '<b>')",
          "|string",
          "|safe",
          "|reverse",
          "|list|join('-')",
          "[1:-1]",
          "[::2]",
          "[::-1]",
          ".strip()",
          ".split()|join('+')",
          ".split('β')[0]",
          ".replace('γ', '')",
          ".center(20)",
          "|indent(2)",
          " ~ 'x'",
          " * 2",
          ".rsplit('δ', 1)[-1]",
          "|tojson",
          "|truncate(6)",
          "|title",
          ".partition('η')[2]",
          "|e",
          ".splitlines()|join('|')",
          "|wordwrap(4)",
          ".removeprefix('α')",
          "|capitalize",
          ".zfill(20)",
          "|batch(3)|map('join')|join('/')");

  private static final List<String> FRAMES =
      List.of(
          "{{ c@ }}",
          "<%>{{ 'a' + (c@) + 'b' }}",
          "{% set x = c@ %}{{ x ~ x }}",
          "{% set x %}<{{ c@ }}>{% endset %}{{ x }}",
          "{{ '%s|%s' % ('t', c@) }}",
          "{{ '{}:{:>30}'.format('t', c@) }}",
          "{% macro m(v) %}[{{ v }}]{% endmacro %}{{ m(c@) }}",
          "{% set ns = namespace(v='') %}{% for i in range(2) %}{% set ns.v = ns.v + (c@) %}"
              + "{% endfor %}{{ ns.v }}",
          "{{ {'k': c@}|tojson }}",
          "{{ [c@] }}",
          "{% filter trim %} {{ c@ }} {% endfilter %}",
          "{{ {'k': [c@]}['k'][0] }}",
          "{% for x in [c@] %}{{ x }}{{ loop.index }}{% endfor %}");

  @ParameterizedTest
  @CsvSource(
      delimiterString = " → ",
      quoteCharacter = '`',
      value = {
        "<s>{{ c }}</s> → <s>[hello]</s>",
        "{{ bos_token ~ c }} → <s>[hello]",
        "{{ c[1:3] + 'x' }} → [el]x",
        "{{ c.replace('l', 'LL') }} → [he]LLLL[o]",
        "{{ 'say %s!' % c }} → say [hello]!",
        "{{ {'a': c} }} → {'a': '[hello]'}",
        "{{ [c, c].__len__ }}{{ [c, 'd'] }} → ['[hello]', 'd']",
        "{{ ','.join([c, 'd']) }} → [hello],d",
        "{{ messages[0].role }}: {{ messages[0].content }} → user: [a<|im_end|>b]",
        "{{ '<|' + messages[0].role + '|>' }} → <|user|>",
        "{{ messages[1].role }} → [<|im_start|>]",
        "{{ messages[0] }} → {'[role]': 'user', '[content]': '[a<|im_end|>b]'}",
        "{{ n + 1 }}{{ c|length }} → 65",
        "{% generation %}{{ c }}!{% endgeneration %} → «[hello]»«!»",
        "a{% generation %}b{% endgeneration %}c → a«b»c",
        "{% set x %}{% generation %}b{% endgeneration %}{% endset %}[{{ x[0] }}] → [«b»]",
      })
  void marksFollowTheText(String template, String marked) {
    var arguments =
        Map.of(
            "c",
            "hello",
            "n",
            5,
            "bos_token",
            "<s>",
            "messages",
            List.of(
                ordered("role", "user", "content", "a<|im_end|>b"),
                Map.of("role", "<|im_start|>")));
    assertEquals(marked, Rendered.marked(Rendered.of(template, arguments)));
  }

  private static Map<String, String> ordered(String... pairs) {
    var map = new LinkedHashMap<String, String>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }

  /// No character of a user's is ever taken for the template's, whatever is done to it.
  @Test
  void contentStaysContent(Random random) {
    for (int i = 0; i < 3_000; i++) {
      String change = "(c" + CHANGES.get(random.nextInt(CHANGES.size())) + ")";
      if (random.nextBoolean()) {
        change = "((" + change + "|string)" + CHANGES.get(random.nextInt(CHANGES.size())) + ")";
      }
      String frame = FRAMES.get(random.nextInt(FRAMES.size()));
      assertContentIsMarked(frame.replace("c@", change), content(random));
    }
  }

  private static String content(Random random) {
    var content = new StringBuilder();
    int[] characters = USERS.codePoints().toArray();
    for (int length = random.nextInt(20); length >= 0; length--) {
      content.appendCodePoint(characters[random.nextInt(characters.length)]);
    }
    return content.toString();
  }

  private static void assertContentIsMarked(String template, String content) {
    var rendering = Rendered.of(template, Map.of("c", content));
    int end = 0;
    for (var span : rendering.spans()) {
      assertEquals(end, span.start());
      end = span.end();
      String part = rendering.text().substring(span.start(), span.end());
      boolean hasUsers = part.codePoints().anyMatch(c -> c > 0x7f);
      assertTrue(
          span.isContent() || !hasUsers,
          () -> template + " of '" + content + "' gives '" + part + "' as the template's");
    }
    assertEquals(rendering.text().length(), end);
  }

  @Test
  void userTextIsNeverInterpreted() {
    for (String text : List.of("{{ 7 * 7 }}", "{% raw %}", "{# x #}", "{{", "%}", "\\n{{ c }}")) {
      assertEquals(text, Rendered.text("{{ c }}", Map.of("c", text)));
      assertEquals(text, Rendered.text("{% set x %}{{ c }}{% endset %}{{ x }}", Map.of("c", text)));
    }
  }

  @Test
  void manyThreadsRenderTheSameAndChangeNothing() throws Exception {
    var template =
        Template.parse(
            "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}"
                + "{{ ns.n }}{{ m.content|upper }}{{ m|tojson }}{% endfor %}"
                + "{% if messages.append is defined %}!{% endif %}{{ (messages + [1])|length }}");
    var message = ordered("role", "user", "content", "Grüße 🦙");
    var messages = new ArrayList<Object>(Collections.nCopies(50, message));
    var values = Rendered.values(Map.of("messages", messages));
    var expected = template.render(values, Rendered.NOW);
    int threads = 64;
    var barrier = new CyclicBarrier(threads);
    Callable<Boolean> task =
        () -> {
          barrier.await();
          for (int i = 0; i < 20; i++) {
            assertEquals(expected, template.render(values, Rendered.NOW));
            assertThrows(
                TemplateException.class,
                () -> Template.parse("{{ messages.append(1) }}").render(values, Rendered.NOW));
          }
          return true;
        };
    try (var pool = Executors.newFixedThreadPool(threads)) {
      for (var future : pool.invokeAll(Collections.nCopies(threads, task))) {
        assertTrue(future.get());
      }
    }
    assertEquals(Collections.nCopies(50, message), messages);
  }
}
