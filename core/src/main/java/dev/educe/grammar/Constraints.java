package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/// What several schemas that hold at once say together about a value, each for itself.
final class Constraints {
  private static final Set<String> OBJECT_KEYWORDS =
      Set.of(
          "properties",
          "required",
          "additionalProperties",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties");
  private static final Set<String> ARRAY_KEYWORDS =
      Set.of("items", "prefixItems", "additionalItems", "minItems", "maxItems");

  private final List<SchemaNode> schemas;
  private final Set<JsonKind> kinds = EnumSet.allOf(JsonKind.class);
  private List<JsonNode> values; // null: any
  private NumberMachine numbers = new NumberMachine(false, null, false, null, false, null);
  private final Set<BigDecimal> steps = new LinkedHashSet<>();
  private final Set<BigDecimal> gaps = new LinkedHashSet<>(); // no multiples of these
  private final Set<Object> excluded = new LinkedHashSet<>(); // see identity
  private int minLength;
  private int maxLength = Expression.UNBOUNDED;
  private final Map<String, SchemaNode> patterns = new LinkedHashMap<>(); // and who says so
  private int minItems;
  private int maxItems = Expression.UNBOUNDED;
  private int minProperties;
  private int maxProperties = Expression.UNBOUNDED;
  private final Set<String> required = new LinkedHashSet<>();
  private CharMachine machine; // of all patterns, once it is asked for

  private Constraints(List<SchemaNode> schemas) {
    this.schemas = schemas;
  }

  /// @throws GrammarException if a keyword's value is wrong, or nothing can fit
  static Constraints of(List<SchemaNode> schemas) {
    var all = new Constraints(schemas);
    for (SchemaNode schema : schemas) {
      all.add(schema);
    }
    all.check();
    return all;
  }

  private void add(SchemaNode schema) {
    for (String what : List.of("Length", "Items", "Properties")) {
      if (schema.count("min" + what, 0) > schema.count("max" + what, Expression.UNBOUNDED)) {
        throw schema.refusalAt("max" + what, "is less than min" + what);
      }
    }
    addTypes(schema);
    addValues(schema);
    addNumbers(schema);
    minLength = Math.max(minLength, schema.count("minLength", 0));
    maxLength = Math.min(maxLength, schema.count("maxLength", Expression.UNBOUNDED));
    minItems = Math.max(minItems, schema.count("minItems", 0));
    maxItems = Math.min(maxItems, schema.count("maxItems", Expression.UNBOUNDED));
    minProperties = Math.max(minProperties, schema.count("minProperties", 0));
    maxProperties = Math.min(maxProperties, schema.count("maxProperties", Expression.UNBOUNDED));
    // Draft 3 spelled it as a flag of the property.
    required.addAll(
        schema.json().path("required").isBoolean() ? List.of() : schema.texts("required"));
    schema.text("pattern").ifPresent(text -> patterns.putIfAbsent("p" + text, schema));
    schema
        .text(SchemaRewriting.UNMATCHED)
        .ifPresent(text -> patterns.putIfAbsent("u" + text, schema));
    addExcluded(schema);
    schema.text("format").ifPresent(name -> addFormat(schema, name));
  }

  private void addFormat(SchemaNode schema, String name) {
    if (StringFormats.isRefused(name) && kinds.contains(JsonKind.STRING)) {
      throw schema.refusalAt("format", name + " cannot be enforced; use pattern");
    }
    if (!StringFormats.patterns(name).isEmpty()) {
      patterns.putIfAbsent("f" + name, schema);
      maxLength = Math.min(maxLength, StringFormats.lengthMax(name));
    }
  }

  private void addTypes(SchemaNode schema) {
    if (!schema.has("type")) {
      return;
    }
    kinds.retainAll(JsonKind.ofType(schema));
  }

  private void addValues(SchemaNode schema) {
    var lists = new ArrayList<List<JsonNode>>();
    if (schema.has("const")) {
      lists.add(List.of(schema.json().get("const")));
    }
    if (schema.has("enum")) {
      lists.add(schema.array("enum"));
    }
    for (List<JsonNode> list : lists) {
      for (JsonNode value : list) {
        if (value.isNumber() && SchemaNode.isHuge(value.decimalValue())) {
          throw schema.refusal("a number of const or enum has too many digits to be held");
        }
      }
      if (values == null) {
        values = list;
      } else {
        var texts = new LinkedHashSet<>(list.stream().map(Constraints::identity).toList());
        values = values.stream().filter(value -> texts.contains(identity(value))).toList();
      }
    }
  }

  private void addExcluded(SchemaNode schema) {
    for (JsonNode value : schema.array(SchemaRewriting.EXCLUDED)) {
      excluded.add(identity(value));
      switch (JsonKind.of(value)) {
        case NULL -> kinds.remove(JsonKind.NULL);
        case STRING -> patterns.putIfAbsent("x" + value.asString(), schema);
        default -> {}
      }
    }
    if (excluded.contains(BooleanNode.TRUE) && excluded.contains(BooleanNode.FALSE)) {
      kinds.remove(JsonKind.BOOLEAN);
    }
  }

  /// The booleans that fit.
  List<String> booleans() {
    return Stream.of(BooleanNode.TRUE, BooleanNode.FALSE)
        .filter(value -> !excluded.contains(value))
        .map(JsonNode::toString)
        .toList();
  }

  /// The numbers that do not fit although they are within all bounds, as they are written.
  List<String> excludedNumbers() {
    return excluded.stream()
        .filter(value -> value instanceof BigDecimal)
        .map(value -> JsonText.number((BigDecimal) value))
        .toList();
  }

  /// Equal for equal values, however numbers are written and properties ordered.
  private static Object identity(JsonNode value) {
    if (value.isNumber()) {
      return value.decimalValue().stripTrailingZeros();
    }
    if (value.isArray()) {
      return value.asArray().elements().stream().map(Constraints::identity).toList();
    }
    if (value.isObject()) {
      var properties = new LinkedHashMap<String, Object>();
      value.properties().forEach(p -> properties.put(p.getKey(), identity(p.getValue())));
      return properties;
    }
    return value;
  }

  private void addNumbers(SchemaNode schema) {
    // Draft 4 spelled the exclusive ones as flags beside the others.
    schema.number("minimum").ifPresent(bound -> raise(bound, schema.isTrue("exclusiveMinimum")));
    schema.number("maximum").ifPresent(bound -> lower(bound, schema.isTrue("exclusiveMaximum")));
    if (!schema.json().path("exclusiveMinimum").isBoolean()) {
      schema.number("exclusiveMinimum").ifPresent(bound -> raise(bound, true));
    }
    if (!schema.json().path("exclusiveMaximum").isBoolean()) {
      schema.number("exclusiveMaximum").ifPresent(bound -> lower(bound, true));
    }
    var low = schema.number("minimum");
    var high = schema.number("maximum");
    if (low.isPresent() && high.isPresent() && low.get().compareTo(high.get()) > 0) {
      throw schema.refusalAt("maximum", "is less than minimum");
    }
    addStep(schema, "multipleOf", steps);
    addStep(schema, SchemaRewriting.UNDIVIDED, gaps);
  }

  private static void addStep(SchemaNode schema, String keyword, Set<BigDecimal> target) {
    schema
        .number(keyword)
        .ifPresent(step -> {
          if (step.signum() <= 0) {
            throw schema.refusalAt("multipleOf", "must be more than 0");
          }
          target.add(step.stripTrailingZeros());
        });
  }

  private void raise(BigDecimal bound, boolean isOut) {
    int order = numbers.min() == null ? 1 : bound.compareTo(numbers.min());
    if (order > 0 || order == 0 && isOut) {
      numbers = new NumberMachine(false, bound, isOut, numbers.max(), numbers.isMaxOut(), null);
    }
  }

  private void lower(BigDecimal bound, boolean isOut) {
    int order = numbers.max() == null ? -1 : bound.compareTo(numbers.max());
    if (order < 0 || order == 0 && isOut) {
      numbers = new NumberMachine(false, numbers.min(), numbers.isMinOut(), bound, isOut, null);
    }
  }

  /// Refuses what nothing fits. Of a kind among others that merely drops out, silence is enough.
  private void check() {
    drop(JsonKind.STRING, minLength > maxLength, "minLength is more than maxLength");
    drop(JsonKind.ARRAY, minItems > maxItems, "minItems is more than maxItems");
    drop(
        JsonKind.OBJECT, minProperties > maxProperties, "minProperties is more than maxProperties");
    boolean isEmpty = numbers.isEmpty();
    drop(JsonKind.FRACTION, isEmpty, "no number is as large and as small as that");
    drop(JsonKind.INTEGER, isEmpty, "no number is as large and as small as that");
  }

  private void drop(JsonKind kind, boolean isImpossible, String problem) {
    if (isImpossible && kinds.remove(kind) && kinds.isEmpty()) {
      throw new NothingFitsException(schemas.getLast().refusal(problem));
    }
  }

  Set<JsonKind> kinds() {
    return kinds;
  }

  /// The values that fit, if they are listed.
  Optional<List<JsonNode>> values() {
    return Optional.ofNullable(values).map(list -> list.stream().filter(this::fitsRest).toList());
  }

  /// Whether a value fits, as far as is known: of arrays and objects only that they may.
  boolean mayHold(JsonNode value) {
    boolean isListed =
        values == null || values.stream().anyMatch(v -> identity(v).equals(identity(value)));
    return isListed && fitsRest(value);
  }

  private boolean fitsRest(JsonNode value) {
    JsonKind kind = JsonKind.of(value);
    if (!kinds.contains(kind) || excluded.contains(identity(value))) {
      return false;
    }
    return switch (kind) {
      case STRING -> mayHold(value.asString());
      case INTEGER, FRACTION -> mayHold(value.decimalValue());
      case NULL, BOOLEAN, ARRAY, OBJECT -> true;
    };
  }

  private boolean mayHold(String text) {
    int length = text.codePointCount(0, text.length());
    return length >= minLength
        && length <= maxLength
        && (patterns.isEmpty() || machine().accepts(text));
  }

  private boolean mayHold(BigDecimal number) {
    int toMin = numbers.min() == null ? 1 : number.compareTo(numbers.min());
    int toMax = numbers.max() == null ? -1 : number.compareTo(numbers.max());
    return (numbers.isMinOut() ? toMin > 0 : toMin >= 0)
        && (numbers.isMaxOut() ? toMax < 0 : toMax <= 0)
        && steps.stream().allMatch(step -> number.remainder(step).signum() == 0)
        && gaps.stream().allMatch(step -> number.remainder(step).signum() != 0);
  }

  /// Refuses listed arrays and objects that would have to be looked into.
  void checkListed() {
    boolean isNested = values.stream().anyMatch(v -> v.isArray() || v.isObject());
    for (SchemaNode schema : schemas) {
      for (String keyword : schema.json().propertyNames()) {
        if (isNested && (OBJECT_KEYWORDS.contains(keyword) || ARRAY_KEYWORDS.contains(keyword))) {
          throw schema.refusalAt(
              keyword, "cannot be enforced beside a const or enum of arrays or objects");
        }
      }
    }
  }

  /// The bounds of numbers, without steps.
  NumberMachine numbers() {
    return numbers;
  }

  Set<BigDecimal> steps() {
    return steps;
  }

  /// Steps of which no number that fits is a multiple.
  Set<BigDecimal> gaps() {
    return gaps;
  }

  int minLength() {
    return minLength;
  }

  int maxLength() {
    return maxLength;
  }

  /// What a string must match, with a letter before it: `p` and a pattern, `f` and a format; or
  /// must not: `u` and a pattern, `x` and the whole string.
  Set<String> patterns() {
    return Collections.unmodifiableSet(patterns.keySet());
  }

  /// The strings that match all patterns and formats.
  ///
  /// @throws GrammarException if one is wrong or too large, with its place
  CharMachine machine() {
    if (machine != null) {
      return machine;
    }
    for (var entry : patterns.entrySet()) {
      String keyword = entry.getKey().charAt(0) == 'p' ? "pattern" : "format";
      try {
        CharMachine one = machine(entry.getKey());
        machine = machine == null ? one : machine.and(one);
      } catch (GrammarException problem) {
        throw entry.getValue().refusalAt(keyword, problem.getMessage());
      }
    }
    return machine;
  }

  private static CharMachine machine(String pattern) {
    String text = pattern.substring(1);
    return switch (pattern.charAt(0)) {
      case 'x' -> CharMachine.anyOf(List.of(text)).negate();
      case 'u' -> RegexMachine.of(Regex.read(text).searched()).negate();
      case 'f' ->
          StringFormats.patterns(text).stream()
              .map(each -> RegexMachine.of(Regex.read(each)))
              .reduce(CharMachine::and)
              .orElseThrow();
      default -> RegexMachine.of(Regex.read(text).searched());
    };
  }

  int minItems() {
    return minItems;
  }

  int maxItems() {
    return maxItems;
  }

  int minProperties() {
    return minProperties;
  }

  int maxProperties() {
    return maxProperties;
  }

  Set<String> required() {
    return required;
  }

  List<SchemaNode> schemas() {
    return schemas;
  }

  /// What holds for the property of a name: all schemas that say something of it.
  ///
  /// @param isClosed see [SchemaOptions#isClosed]
  List<SchemaNode> property(String name, boolean isClosed) {
    var all = new ArrayList<SchemaNode>();
    for (SchemaNode schema : schemas) {
      boolean isNamed = false;
      var named = schema.schema("properties", name);
      if (named.isPresent()) {
        all.add(named.get());
        isNamed = true;
      }
      for (var pattern : schema.named("patternProperties")) {
        if (keys(schema, pattern.getKey()).accepts(name)) {
          all.add(pattern.getValue());
          isNamed = true;
        }
      }
      if (!isNamed) {
        additional(schema, isClosed).ifPresent(all::add);
      }
    }
    return all;
  }

  /// The keys that a pattern of `patternProperties` is about.
  static CharMachine keys(SchemaNode schema, String pattern) {
    try {
      return RegexMachine.of(Regex.read(pattern).searched());
    } catch (GrammarException problem) {
      throw schema.refusalAt("patternProperties", problem.getMessage());
    }
  }

  /// What holds for properties that a schema does not name; empty if anything may be.
  static Optional<SchemaNode> additional(SchemaNode schema, boolean isClosed) {
    boolean isOpen = schema.has("additionalProperties") || !schema.has("properties");
    return isOpen || !isClosed
        ? schema.schema("additionalProperties")
        : Optional.of(
            new SchemaNode(
                SchemaNode.child(schema.pointer(), "additionalProperties"), BooleanNode.FALSE));
  }
}
