package dev.educe.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What schemas say about objects, as an expression.
///
/// Properties come in the order of the schema, those that are only required after those that are
/// named, and all others last. A machine goes through them, counting how many there are as far as
/// that matters.
final class ObjectSchema {
  private static final int STATES_MAX = 200_000;
  private static final int KEY_CLASSES_MAX = 64;

  /// Keys that the same schemas hold for.
  private record KeyClass(CharMachine keys, List<SchemaNode> schemas) {}

  private final SchemaCompiler compiler;
  private final Constraints all;
  private final Set<String> names = new LinkedHashSet<>();
  private final List<Expression> named = new ArrayList<>(); // by name, key and value

  ObjectSchema(SchemaCompiler compiler, Constraints all) {
    this.compiler = compiler;
    this.all = all;
  }

  Expression expression() {
    boolean isClosed = compiler.options().isClosed();
    for (SchemaNode schema : all.schemas()) {
      schema.named("properties").forEach(property -> names.add(property.getKey()));
    }
    names.addAll(all.required());
    for (String name : names) {
      Expression value =
          isKeyAllowed(name) ? compiler.value(all.property(name, isClosed)) : Expression.NOTHING;
      Expression key = Expression.literal(JsonText.quote(name));
      named.add(Expression.sequence(compiler.text().key(key), value));
    }
    return Expression.sequence(
        Expression.literal("{"), machine(others(isClosed)), Expression.literal("}"));
  }

  private Expression machine(Expression other) {
    boolean isOpen = !other.equals(Expression.NOTHING);
    int listed = names.size();
    int max = all.maxProperties();
    int min = all.minProperties();
    if (!isOpen && max >= listed) {
      max = Expression.UNBOUNDED; // there are no more to count
    } else if (isOpen && min > Math.max(1, all.required().size())) {
      throw all.schemas()
          .getLast()
          .refusal(
              "minProperties of more than the required ones cannot be enforced, since keys could"
                  + " repeat; name the properties");
    }
    // Beyond this many, it makes no difference how many there are.
    int top = max == Expression.UNBOUNDED ? Math.max(1, min) : max;
    long size = (listed + 1L) * (top + 1L);
    if (size > STATES_MAX) {
      throw all.schemas()
          .getLast()
          .refusal("minProperties or maxProperties is too large to be counted");
    }
    boolean isBounded = max != Expression.UNBOUNDED;
    var states = new ArrayList<Expression.Machine.State>();
    var required = List.copyOf(names);
    for (int i = 0; i <= listed; i++) {
      for (int count = 0; count <= top; count++) {
        var edges = new ArrayList<Expression.Machine.Edge>();
        Expression pair = i < listed ? named.get(i) : other;
        if ((count < top || !isBounded) && !pair.equals(Expression.NOTHING)) {
          int next = Math.min(i + 1, listed) * (top + 1) + Math.min(count + 1, top);
          edges.add(new Expression.Machine.Edge(separated(pair, count), next));
        }
        if (i < listed && !all.required().contains(required.get(i))) {
          edges.add(new Expression.Machine.Edge(Expression.EMPTY, (i + 1) * (top + 1) + count));
        }
        states.add(new Expression.Machine.State(i == listed && count >= min, edges));
      }
    }
    return new Expression.Machine(states, 0, Expression.UNBOUNDED);
  }

  private Expression separated(Expression pair, int count) {
    return count == 0 ? pair : Expression.sequence(compiler.text().comma(), pair);
  }

  /// Key and value of properties that no schema names.
  private Expression others(boolean isClosed) {
    var patterns = new LinkedHashMap<String, CharMachine>();
    for (SchemaNode schema : all.schemas()) {
      for (var pattern : schema.named("patternProperties")) {
        patterns.computeIfAbsent(pattern.getKey(), text -> Constraints.keys(schema, text));
      }
    }
    if (names.isEmpty() && patterns.isEmpty() && keyRules().isEmpty()) {
      Expression key = compiler.text().rule("string");
      return pair(key, schemasFor(Set.of(), isClosed));
    }
    var pairs = new ArrayList<Expression>();
    for (KeyClass keys : keyClasses(patterns, isClosed)) {
      Expression characters = keys.keys.expression(JsonText::character, 0, Expression.UNBOUNDED);
      Expression pair = pair(JsonText.quoted(characters), keys.schemas);
      if (!pair.equals(Expression.NOTHING)) {
        pairs.add(pair);
      }
    }
    return Expression.choice(pairs);
  }

  private Expression pair(Expression key, List<SchemaNode> schemas) {
    Expression value = compiler.value(schemas);
    return value.equals(Expression.NOTHING)
        ? value
        : Expression.sequence(compiler.text().key(key), value);
  }

  /// The keys that are not named, sorted by which patterns they match.
  private List<KeyClass> keyClasses(LinkedHashMap<String, CharMachine> patterns, boolean isClosed) {
    record Part(CharMachine keys, Set<String> matched) {}
    CharMachine free = CharMachine.anyOf(names).negate();
    for (CharMachine rule : keyRules()) {
      free = free.and(rule);
    }
    List<Part> parts = List.of(new Part(free, Set.of()));
    for (var pattern : patterns.entrySet()) {
      var split = new ArrayList<Part>();
      for (Part part : parts) {
        var matched = new LinkedHashSet<>(part.matched);
        matched.add(pattern.getKey());
        split.add(new Part(part.keys.and(pattern.getValue()), matched));
        split.add(new Part(part.keys.and(pattern.getValue().negate()), part.matched));
      }
      parts = split.stream().filter(part -> !part.keys.isEmpty()).toList();
      if (parts.size() > KEY_CLASSES_MAX) {
        throw all.schemas()
            .getLast()
            .refusalAt("patternProperties", "the patterns overlap in too many ways");
      }
    }
    return parts.stream()
        .filter(part -> !part.keys.isEmpty())
        .map(part -> new KeyClass(part.keys, schemasFor(part.matched, isClosed)))
        .toList();
  }

  /// What holds for a key that is not named and matches these patterns.
  private List<SchemaNode> schemasFor(Set<String> matched, boolean isClosed) {
    var schemas = new ArrayList<SchemaNode>();
    for (SchemaNode schema : all.schemas()) {
      boolean isMatched = false;
      for (var pattern : schema.named("patternProperties")) {
        if (matched.contains(pattern.getKey())) {
          schemas.add(pattern.getValue());
          isMatched = true;
        }
      }
      if (!isMatched) {
        Constraints.additional(schema, isClosed).ifPresent(schemas::add);
      }
    }
    return schemas;
  }

  private boolean isKeyAllowed(String name) {
    return keyRules().stream().allMatch(rule -> rule.accepts(name));
  }

  /// What `propertyNames` asks of all keys.
  private List<CharMachine> keyRules() {
    var rules = new ArrayList<CharMachine>();
    for (SchemaNode schema : all.schemas()) {
      schema.schema("propertyNames").ifPresent(keys -> rules.addAll(compiler.keys(keys)));
    }
    return rules;
  }
}
