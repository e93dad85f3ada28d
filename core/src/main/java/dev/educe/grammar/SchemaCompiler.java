package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// Turns JSON schemas into rules.
///
/// Each set of schemas that hold at once is one rule, named by where they stand, so that recursion
/// ends and equal parts are there once. Strings and numbers are rules by what they must be.
///
/// Source: JSON Schema draft 2020-12; `definitions`, lists in `items` and flags beside bounds are
/// read as older drafts have them.
final class SchemaCompiler {
  private static final int RULES_MAX = 100_000;

  /// What only describes; a schema of nothing else says nothing.
  private static final Set<String> SILENT =
      Set.of(
          "$schema",
          "$id",
          "$ref",
          "$defs",
          "$comment",
          "$anchor",
          "definitions",
          "title",
          "description",
          "default",
          "examples",
          "example",
          "deprecated",
          "readOnly",
          "writeOnly",
          "allOf",
          "anyOf",
          "oneOf",
          "not",
          "if",
          "then",
          "else",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "nullable",
          "strict");

  private final JsonText text;
  private final SchemaOptions options;
  private final SchemaAlternatives alternatives;
  private final Map<String, Expression> rules;
  private final String prefix;
  private final ArrayDeque<Runnable> todo = new ArrayDeque<>();
  private GrammarException nothingFits; // the first part of which that is so, or null
  private final Map<SchemaNode, CharMachine> keys = new HashMap<>(); // by propertyNames

  private SchemaCompiler(
      SchemaDocument document,
      SchemaOptions options,
      Map<String, Expression> rules,
      String prefix) {
    this.text = new JsonText(options.isCompact());
    this.options = options;
    this.alternatives = new SchemaAlternatives(document);
    this.rules = rules;
    this.prefix = prefix;
  }

  /// What a schema admits.
  ///
  /// @param rules filled
  /// @param prefix of names that are this schema's own
  /// @throws GrammarException if it is wrong or cannot be enforced, with the place
  static Expression compile(
      String schema, SchemaOptions options, Map<String, Expression> rules, String prefix) {
    SchemaDocument document = SchemaDocument.read(schema);
    var compiler = new SchemaCompiler(document, options, rules, prefix);
    if (!rules.containsKey(compiler.text.rule("value").name())) {
      compiler.text.addRules(rules);
    }
    Expression root = compiler.value(List.of(document.root()));
    while (!compiler.todo.isEmpty()) {
      Interruption.check();
      compiler.todo.poll().run();
    }
    if (!new Productivity(rules).isProductive(root)) {
      if (compiler.nothingFits != null) {
        throw compiler.nothingFits;
      }
      throw SchemaNode.refusal("#", "no value can ever fit it");
    }
    return root;
  }

  JsonText text() {
    return text;
  }

  SchemaOptions options() {
    return options;
  }

  /// What fits all of these schemas at once.
  Expression value(List<SchemaNode> schemas) {
    var all = new ArrayList<Expression>();
    for (List<SchemaNode> alternative : alternatives.of(schemas)) {
      List<SchemaNode> speaking =
          alternative.stream().filter(schema -> speaks(schema)).distinct().toList();
      all.add(speaking.isEmpty() ? text.rule("value") : rule(speaking));
    }
    return Expression.choice(all);
  }

  private static boolean speaks(SchemaNode schema) {
    return schema.json().propertyNames().stream().anyMatch(keyword -> !SILENT.contains(keyword));
  }

  private Expression rule(List<SchemaNode> schemas) {
    String name =
        prefix + schemas.stream().map(SchemaNode::pointer).collect(Collectors.joining(" & "));
    if (!rules.containsKey(name)) {
      if (rules.size() >= RULES_MAX) {
        throw schemas.getLast().refusal("the schema is too large; simplify it");
      }
      rules.put(name, Expression.NOTHING); // until it is its turn
      todo.add(() -> rules.put(name, unlessNothingFits(() -> body(Constraints.of(schemas)))));
    }
    return new Expression.Rule(name);
  }

  private Expression body(Constraints all) {
    if (all.values().isPresent()) {
      all.checkListed();
      return constants(all.values().get());
    }
    var kinds = new ArrayList<Expression>();
    for (JsonKind kind : all.kinds()) {
      kinds.add(unlessNothingFits(() -> kind(all, kind)));
    }
    return Expression.choice(kinds);
  }

  private Expression unlessNothingFits(Supplier<Expression> body) {
    try {
      return body.get();
    } catch (NothingFitsException problem) {
      nothingFits = nothingFits == null ? problem : nothingFits;
      return Expression.NOTHING;
    }
  }

  private Expression kind(Constraints all, JsonKind kind) {
    boolean isWhole = !all.kinds().contains(JsonKind.FRACTION);
    boolean isBroken = !all.kinds().contains(JsonKind.INTEGER);
    return switch (kind) {
      case NULL -> Expression.literal("null");
      case BOOLEAN -> Literals.anyOf(all.booleans());
      case STRING -> string(all);
      case INTEGER -> isWhole ? number(all, true, false) : Expression.NOTHING; // in FRACTION's
      case FRACTION -> number(all, false, isBroken);
      case ARRAY -> new ArraySchema(this, all).expression();
      case OBJECT -> new ObjectSchema(this, all).expression();
    };
  }

  /// Strings and numbers are put together, since there may be many.
  private Expression constants(List<JsonNode> values) {
    var texts = new ArrayList<String>();
    var options = new ArrayList<Expression>();
    for (JsonNode value : values) {
      if (value.isArray() || value.isObject()) {
        options.add(text.constant(value));
      } else {
        texts.add(JsonText.scalar(value));
      }
    }
    if (!texts.isEmpty()) {
      options.add(Literals.anyOf(texts));
    }
    return Expression.choice(options);
  }

  /// One rule for all that are the same.
  private Expression shared(String name, Supplier<Expression> body) {
    if (!rules.containsKey(name)) {
      rules.put(name, body.get());
    }
    return new Expression.Rule(name);
  }

  /// @param isBroken whether whole numbers do not fit
  private Expression number(Constraints all, boolean isInteger, boolean isBroken) {
    NumberMachine bounds = all.numbers();
    List<String> excluded = all.excludedNumbers();
    boolean isAny =
        all.steps().isEmpty() && all.gaps().isEmpty() && excluded.isEmpty() && !isBroken;
    if (bounds.min() == null && bounds.max() == null && isAny) {
      return text.rule(isInteger ? "integer" : "number");
    }
    String kind = isInteger ? "integer" : isBroken ? "fraction" : "number";
    return shared(
        "%s %s %s %s %s".formatted(kind, bounds, all.steps(), all.gaps(), excluded),
        () -> {
          CharMachine machine = machine(all, isInteger, all.steps());
          if (isBroken) {
            machine = machine.and(machine(all, true, Set.of()).negate());
          }
          for (BigDecimal step : all.gaps()) {
            machine = machine.and(machine(all, isInteger, Set.of(step)).negate());
          }
          if (!excluded.isEmpty()) {
            machine = machine.and(CharMachine.anyOf(excluded).negate());
          }
          if (machine.isEmpty()) {
            throw new NothingFitsException(
                all.schemas().getLast().refusal("no such number exists"));
          }
          return machine.expression(Utf8::expression, 0, Expression.UNBOUNDED);
        });
  }

  private static CharMachine machine(Constraints all, boolean isInteger, Set<BigDecimal> steps) {
    try {
      CharMachine machine = null;
      for (BigDecimal step : steps) {
        CharMachine one = all.numbers().with(isInteger, step).machine();
        machine = machine == null ? one : machine.and(one);
      }
      machine = machine == null ? all.numbers().with(isInteger, null).machine() : machine;
      return machine;
    } catch (GrammarException problem) {
      throw all.schemas().getLast().refusal(problem.getMessage());
    }
  }

  private Expression string(Constraints all) {
    int min = all.minLength();
    int max = all.maxLength();
    if (all.patterns().isEmpty()) {
      return min == 0 && max == Expression.UNBOUNDED
          ? text.rule("string")
          : shared("string %d %d".formatted(min, max), () -> JsonText.string(min, max));
    }
    return shared(
        "string %d %d %s".formatted(min, max, all.patterns()), () -> matching(all, min, max));
  }

  private Expression matching(Constraints all, int min, int max) {
    CharMachine machine;
    try {
      machine = all.machine();
    } catch (GrammarException problem) {
      String pattern = all.patterns().iterator().next();
      boolean isPlain =
          all.patterns().size() == 1
              && pattern.charAt(0) == 'p'
              && min == 0
              && max == Expression.UNBOUNDED;
      if (!isPlain || !problem.getMessage().contains("too large")) {
        throw problem;
      }
      Regex regex = Regex.read(pattern.substring(1)).searched();
      return JsonText.quoted(regex.expression(JsonText::character));
    }
    int least = min;
    int most = max;
    if (machine.longest() <= max) {
      most = Expression.UNBOUNDED;
    } else if (max - min > StepCounts.STEPS_MAX) {
      most = Math.max(min, 0) + StepCounts.STEPS_MAX;
    }
    if (machine.shortest() >= min) {
      least = 0;
    }
    Expression characters = machine.expression(JsonText::character, least, most);
    boolean isPossible =
        characters instanceof Expression.Machine counted
            && (!counted.isCounted() || StepCounts.of(counted).isPossible());
    if (machine.isEmpty() || !isPossible) {
      throw new NothingFitsException(
          all.schemas().getLast().refusal("no string matches all that is asked of it"));
    }
    return JsonText.quoted(characters);
  }

  /// The keys that `propertyNames` admits.
  ///
  /// @return at most one machine; none if any key is fine
  List<CharMachine> keys(SchemaNode schema) {
    boolean isAny = alternatives.of(List.of(schema)).equals(List.of(List.of()));
    return isAny ? List.of() : List.of(keys.computeIfAbsent(schema, this::keyMachine));
  }

  private CharMachine keyMachine(SchemaNode schema) {
    CharMachine machine = CharMachine.anyOf(List.of());
    for (List<SchemaNode> alternative : alternatives.of(List.of(schema))) {
      var one = Constraints.of(alternative);
      if (one.kinds().contains(JsonKind.STRING)) {
        machine = machine.negate().and(keyMachine(schema, one).negate()).negate();
      }
    }
    return machine;
  }

  private static CharMachine keyMachine(SchemaNode schema, Constraints all) {
    if (all.values().isPresent()) {
      return CharMachine.anyOf(
          all.values().get().stream().filter(v -> v.isString()).map(v -> v.asString()).toList());
    }
    var any = new Regex.Characters(CodePoints.ALL);
    try {
      CharMachine machine =
          RegexMachine.of(new Regex.Repeat(any, all.minLength(), all.maxLength()));
      return all.patterns().isEmpty() ? machine : machine.and(all.machine());
    } catch (GrammarException problem) {
      throw schema.refusal(problem.getMessage());
    }
  }
}
