package dev.educe.grammar;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Turns [Part]s into rules.
final class PartCompiler {
  private static final int DEPTH_MAX = 100;

  private final Map<String, Expression> rules = new LinkedHashMap<>();
  private final Map<Part.Json, Expression> schemas = new LinkedHashMap<>(); // equal ones once
  private int depth;

  Map<String, Expression> rules() {
    return rules;
  }

  Expression compile(Part part) {
    if (++depth > DEPTH_MAX) {
      throw new GrammarException("parts are nested more than " + DEPTH_MAX + " deep");
    }
    Expression compiled =
        switch (part) {
          case Part.Text(String text) -> Expression.literal(text);
          case Part.Special(String piece) -> TokenTrie.specialExpression(piece);
          case Part.Json json -> schemas.computeIfAbsent(json, this::schema);
          case Part.Pattern(String regex) -> Regex.read(regex).expression(Utf8::expression);
          case Part.Free free -> free(free);
          case Part.Sequence(var parts) ->
              Expression.sequence(parts.stream().map(this::compile).toList());
          case Part.Choice(var options) ->
              Expression.choice(options.stream().map(this::compile).toList());
          case Part.Repeat(Part inner, int min, int max) ->
              new Expression.Repeat(compile(inner), min, max);
        };
    depth--;
    return compiled;
  }

  private Expression schema(Part.Json json) {
    String prefix = "%s %d ".formatted(json.name(), schemas.size());
    try {
      return SchemaCompiler.compile(json.schema(), json.options(), rules, prefix);
    } catch (GrammarException problem) {
      throw json.name().isEmpty()
          ? problem
          : new GrammarException("%s: %s".formatted(json.name(), problem.getMessage()));
    }
  }

  private static Expression free(Part.Free free) {
    if (free.triggers().isEmpty()) {
      return Expression.star(Utf8.expression(CodePoints.ALL));
    }
    var any = new Regex.Repeat(new Regex.Characters(CodePoints.ALL), 0, Expression.UNBOUNDED);
    CharMachine texts = CharMachine.all();
    for (String trigger : free.triggers()) {
      var characters =
          trigger
              .codePoints()
              .mapToObj(c -> (Regex) new Regex.Characters(CodePoints.of(c)))
              .toList();
      Regex holding = new Regex.Sequence(List.of(any, new Regex.Sequence(characters), any));
      texts = texts.and(RegexMachine.of(holding).negate());
    }
    return texts.expression(Utf8::expression, 0, Expression.UNBOUNDED);
  }
}
