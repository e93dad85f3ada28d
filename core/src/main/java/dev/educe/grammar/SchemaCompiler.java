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
          "nullable",
          "strict");

  private final JsonText text;
  private final SchemaOptions options;
  private final SchemaAlternatives alternatives;
  private final Map<String, Expression> rules;
  private final String prefix;
  private final ArrayDeque<Runnable> todo = new ArrayDeque<>();
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
    if (!rules.containsKey("value")) {
      compiler.text.addRules(rules);
    }
    Expression root = compiler.value(List.of(document.root()));
    while (!compiler.todo.isEmpty()) {
      Interruption.check();
      compiler.todo.poll().run();
    }
    if (!new Productivity(rules).isProductive(root)) {
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
      all.add(speaking.isEmpty() ? new Expression.Rule("value") : rule(speaking));
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
      todo.add(() -> rules.put(name, body(Constraints.of(schemas))));
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
      switch (kind) {
        case NULL -> kinds.add(Expression.literal("null"));
        case BOOLEAN -> {
          kinds.add(Expression.literal("true"));
          kinds.add(Expression.literal("false"));
        }
        case STRING -> kinds.add(string(all));
        case INTEGER -> {
          if (!all.kinds().contains(JsonKind.FRACTION)) {
            kinds.add(number(all, true));
          }
        }
        case FRACTION -> kinds.add(number(all, !all.kinds().contains(JsonKind.INTEGER)));
        case ARRAY -> kinds.add(new ArraySchema(this, all).expression());
        case OBJECT -> kinds.add(new ObjectSchema(this, all).expression());
      }
    }
    return Expression.choice(kinds);
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

  private Expression number(Constraints all, boolean isInteger) {
    NumberMachine bounds = all.numbers();
    if (bounds.min() == null && bounds.max() == null && all.steps().isEmpty()) {
      return new Expression.Rule(isInteger ? "integer" : "number");
    }
    return shared(
        "%s %s %s".formatted(isInteger ? "integer" : "number", bounds, all.steps()),
        () -> machine(all, isInteger).expression(Utf8::expression, 0, Expression.UNBOUNDED));
  }

  private static CharMachine machine(Constraints all, boolean isInteger) {
    try {
      CharMachine machine = null;
      for (BigDecimal step : all.steps()) {
        CharMachine one = all.numbers().with(isInteger, step).machine();
        machine = machine == null ? one : machine.and(one);
      }
      return machine == null ? all.numbers().with(isInteger, null).machine() : machine;
    } catch (GrammarException problem) {
      throw all.schemas().getLast().refusal(problem.getMessage());
    }
  }

  private Expression string(Constraints all) {
    int min = all.minLength();
    int max = all.maxLength();
    if (all.patterns().isEmpty()) {
      return min == 0 && max == Expression.UNBOUNDED
          ? new Expression.Rule("string")
          : shared("string %d %d".formatted(min, max), () -> JsonText.string(min, max));
    }
    return shared(
        "string %d %d %s".formatted(min, max, all.patterns()), () -> matching(all, min, max));
  }

  private Expression matching(Constraints all, int min, int max) {
    CharMachine machine;
    try {
      machine = all.machine();
    } catch (GrammarException tooLarge) {
      if (all.patterns().size() > 1 || min > 0 || max != Expression.UNBOUNDED) {
        throw tooLarge;
      }
      Regex regex = Constraints.regex(all.patterns().iterator().next());
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
      throw all.schemas().getLast().refusal("no string matches all that is asked of it");
    }
    return JsonText.quoted(characters);
  }

  /// The keys that `propertyNames` admits.
  ///
  /// @return at most one machine; none if any key is fine
  List<CharMachine> keys(SchemaNode schema) {
    var all = new ArrayList<CharMachine>();
    if (speaks(schema) || alternatives.of(List.of(schema)).size() != 1) {
      all.add(keys.computeIfAbsent(schema, this::keyMachine));
    }
    return all;
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
