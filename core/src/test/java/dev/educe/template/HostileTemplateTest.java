package dev.educe.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Templates that want more than to render: out of the sandbox, or all of the machine.
class HostileTemplateTest {
  private static final List<String> OWNERS =
      List.of(
          "''",
          "()",
          "[]",
          "{}",
          "5",
          "2.5",
          "true",
          "none",
          "c",
          "messages",
          "range",
          "dict",
          "cycler",
          "joiner",
          "namespace",
          "raise_exception",
          "strftime_now",
          "lipsum",
          "self",
          "request",
          "config",
          "loop",
          "url_for",
          "get_flashed_messages",
          "''.upper",
          "c.format",
          "namespace(a=1)",
          "cycler(1)",
          "undefinedx");

  private static final List<String> ATTACKS =
      List.of(
          "{{ O.__class__ }}",
          "{{ O.__class__.__mro__[1].__subclasses__() }}",
          "{{ O['__class__']['__base__'] }}",
          "{{ O|attr('__class__') }}",
          "{{ O|attr('__init__')|attr('__globals__') }}",
          "{{ O.__init__.__globals__.__builtins__.open('/etc/passwd').read() }}",
          "{{ O.__init__.__globals__.os.popen('id').read() }}",
          "{{ [O]|map(attribute='__class__')|list }}",
          "{{ [O]|map('attr', '__class__')|list }}",
          "{{ O.getClass() }}",
          "{{ O.getClass().forName('java.lang.Runtime').getRuntime().exec('id') }}",
          "{{ O.class.protectionDomain }}",
          "{{ '{0.__class__.__init__.__globals__}'.format(O) }}",
          "{{ '%(a)s'|format(a=O.__class__) }}",
          "{{ O.func_globals }}",
          "{{ O.gi_frame.f_back }}",
          "{{ O.typeName() }}");

  /// What would show that a class, an object or a file of the host has been reached.
  private static final Pattern ESCAPED =
      Pattern.compile("java|dev\\.educe|class|<type|root:|uid=|module|subprocess|Runtime");

  @Test
  void nothingOfTheHostIsReachable() {
    int count = 0;
    for (String owner : OWNERS) {
      for (String attack : ATTACKS) {
        assertHarmless(attack.replace("O", owner));
        count++;
      }
    }
    for (String other :
        List.of(
            "${7*7}",
            "#{7*7}",
            "*{7*7}",
            "<%= 7*7 %>",
            "${T(java.lang.Runtime)}",
            "@(1+1)",
            "{{ self._TemplateReference__context }}",
            "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
            "{{ ()|attr('\\x5f_class__') }}",
            "{{ c[['__cl','ass__']|join] }}",
            "{% set x = '__cla' ~ 'ss__' %}{{ c[x] }}",
            "{{ c.format_map({}) }}",
            "{% import 'os' as os %}",
            "{% include '/etc/passwd' %}",
            "{% from 'os' import x %}",
            "{% extends '/etc/passwd' %}",
            "{{ c.encode().decode() }}",
            "{% debug %}")) {
      assertHarmless(other);
      count++;
    }
    assertTrue(count > 300, "only " + count);
  }

  private static void assertHarmless(String template) {
    String result;
    try {
      result = Rendered.text(template, Map.of("c", "text", "messages", List.of(Map.of("a", 1))));
    } catch (TemplateException _) {
      return;
    }
    // What stands outside of tags is text, which nothing interprets.
    boolean isPlain = result.equals(template);
    assertFalse(!isPlain && ESCAPED.matcher(result).find(), () -> template + " gave " + result);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ range(10**9)|list }}",
        "{% for i in range(25000) %}{% for j in range(25000) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 10**9 }}",
        "{{ 10**9 * 'x' }}",
        "{{ 'x'|center(10**9) }}",
        "{{ 'x'.center(10**9) }}{{ 'x'.ljust(2**31) }}",
        "{{ 'x'.zfill(2**40) }}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}"
            + "{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}"
            + "{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=(1,)) %}{% for i in range(99) %}{% set ns.s = (ns.s, ns.s) %}"
            + "{% endfor %}{{ ns.s == ns.s and {ns.s: 1} }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}"
            + "{% endfor %}{{ ns.s }}",
        "{{ [1] * 10**9 }}",
        "{% set x = 'a' * 500000 %}{% set z = 'a' * 250000 ~ 'b' %}{{ z in x }}",
        "{% set x = 'a' * 500000 %}{% set z = 'a' * 250000 ~ 'b' %}{{ x.find(z) }}",
        "{% set x = 'a' * 500000 %}{% set z = 'a' * 250000 ~ 'b' %}{{ x.split(z) }}",
        "{% set x = 'a' * 500000 %}{% set z = 'a' * 250000 ~ 'b' %}{{ x|replace(z, '') }}",
        "{% for i in range(99999) %}{% set y = (3 ** 9000)|string %}{% endfor %}",
        "{% for i in range(99999) %}{% set y = '%.4000f' % 1e300 %}{% endfor %}",
        "{{ (range(99999)|list * 20)|sort }}",
        "{% for i in range(9999) %}{% set x = [3, 1]|sort|unique|list|first %}{% endfor %}",
        "{% for i in range(9999) %}{% set x = '%s%d' % (i, i) %}{{ 'a,b'.split(',') }}{% endfor %}",
        "{% for i in range(9999) %}{{ strftime_now('%Y-%m-%d %A') }}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '%*d' % (10**9, 1) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:{}}'.format(1, 10**9) }}",
        "{{ 10**(10**9) }}",
        "{{ 2**99999999999999999999 }}",
        "{% set ns = namespace(n=10) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}"
            + "{% endfor %}",
        "{{ 'x'|indent(10**9, true) }}",
        "{{ [1]|tojson(indent=10**9) }}",
        "{{ [1]|batch(10**9, 'x')|list }}",
        "{{ [1]|slice(10**9)|list }}",
        "{{ ('a' * 100000).replace('', 'x' * 100000) }}",
        "{{ ('x' * 1000).join(range(99999)|map('string')) }}",
        "{{ '\t'.expandtabs(10**9) }}",
        "{{ ('a ' * 100000)|wordwrap(1, wrapstring='x' * 10000) }}",
        "{% set ns = namespace(s='') %}{% for i in range(99999) %}{% set ns.s = ns.s ~ 'xxxxxxxxxx'"
            + " %}{% endfor %}{{ ns.s * 9 }}",
      })
  void whatNeverEndsIsEnded(String template) {
    var failure = assertThrows(TemplateException.class, () -> Rendered.text(template));
    assertTrue(failure.line() > 0, failure.getMessage());
  }

  @Test
  void deepTemplatesAreRefusedAlsoOnASmallStack() throws InterruptedException {
    var templates = new ArrayList<String>();
    int n = 10_000;
    templates.add("{{ " + "(".repeat(n) + "1" + ")".repeat(n) + " }}");
    templates.add("{{ " + "[".repeat(n) + "]".repeat(n) + " }}");
    templates.add("{{ " + "{1:".repeat(n) + "1" + "}".repeat(n) + " }}");
    templates.add("{{ 1" + "|string".repeat(n) + " }}");
    templates.add("{{ 1" + "+1".repeat(n) + " }}");
    templates.add("{{ 1" + " and 1".repeat(n) + " }}");
    templates.add("{{ 1" + " if 1 else 1".repeat(n) + " }}");
    templates.add("{{ " + "not ".repeat(n) + "1 }}");
    templates.add("{{ " + "-".repeat(n) + "1 }}");
    templates.add("{{ a" + ".a".repeat(n) + " }}");
    templates.add("{{ a" + "[0]".repeat(n) + " }}");
    templates.add("{{ a" + "()".repeat(n) + " }}");
    templates.add("{{ 1" + " is odd".repeat(n) + " }}");
    templates.add("{{ 1" + "**1".repeat(n) + " }}");
    templates.add("{% if 1 %}".repeat(n) + "{% endif %}".repeat(n));
    templates.add("{% for i in [1] %}".repeat(n) + "{% endfor %}".repeat(n));
    templates.add("{% macro f() %}".repeat(n) + "{% endmacro %}".repeat(n));
    templates.add("{% set x %}".repeat(n) + "{% endset %}".repeat(n));
    templates.add("{% set " + "(".repeat(n) + "a" + ")".repeat(n) + " = 1 %}");
    templates.add("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}");
    templates.add(
        "{% macro f() %}{% call g() %}{% endcall %}{% endmacro %}"
            + "{% macro g() %}{% set x = [f()|upper] %}{% endmacro %}{{ f() }}");
    templates.add("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}");
    templates.add("{% macro f() %}{{ ((((((((f())))))))) }}{% endmacro %}{{ f() }}");
    templates.add("{% macro f(x=f()) %}{% endmacro %}{{ f() }}");
    templates.add("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}");
    templates.add("{% set ns = namespace() %}{% set ns.x = [ns, ns] %}{{ ns }}");
    for (String template : templates) {
      assertInstanceOf(
          TemplateException.class, onSmallStack(template), () -> Messages.shortened(template));
    }
    String deep = "{{ " + "(".repeat(90) + "1" + ")".repeat(90) + " }}";
    assertEquals(null, onSmallStack(deep));
  }

  private static Throwable onSmallStack(String template) throws InterruptedException {
    var failure = new Throwable[1];
    var thread =
        new Thread(
            null,
            () -> {
              try {
                Rendered.text(template);
              } catch (Throwable e) {
                failure[0] = e;
              }
            },
            "small stack",
            512 << 10);
    thread.start();
    thread.join();
    return failure[0];
  }

  @Test
  void argumentsOfOtherKindsAndTooDeepOnesAreRefused() {
    assertThrows(TemplateException.class, () -> Value.content(new Object()));
    assertThrows(TemplateException.class, () -> Value.content(Map.of(1, 2)));
    Object deep = 1;
    for (int i = 0; i < 100_000; i++) {
      deep = List.of(deep);
    }
    Object tooDeep = deep;
    assertThrows(TemplateException.class, () -> Value.content(tooDeep));
    assertThrows(IllegalArgumentException.class, () -> new Bounds(-1, 0, 0, 0));
  }

  @Test
  void boundsAreTheCallersToSet() {
    var template = Template.parse("{% for i in range(1000) %}x{% endfor %}");
    assertEquals(1000, template.render(Map.of(), Rendered.NOW).text().length());
    for (var bounds : List.of(new Bounds(500, 0, 5000, 0), new Bounds(50_000, 0, 999, 0))) {
      assertThrows(TemplateException.class, () -> template.render(Map.of(), Rendered.NOW, bounds));
    }
  }
}
