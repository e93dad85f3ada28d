package dev.educe.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a schema says once its references, `allOf`, `anyOf` and `oneOf` are followed: a list of
/// alternatives, each a list of schemas that hold at once and say the rest by themselves.
final class SchemaAlternatives {
  /// Alternatives of one schema.
  private static final int ALTERNATIVES_MAX = 2_048;

  private static final int CHAIN_MAX = 200; // references and combinations within each other

  // Steps of following, all schemas together.
  private static final int WORK_MAX = 2_000_000;

  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("not", "say what is allowed instead"),
          Map.entry("dependentSchemas", "write the cases as anyOf"),
          Map.entry("dependentRequired", "write the cases as anyOf"),
          Map.entry("dependencies", "write the cases as anyOf"),
          Map.entry("unevaluatedProperties", "use additionalProperties"),
          Map.entry("unevaluatedItems", "use items"),
          Map.entry("contains", "use items or prefixItems"),
          Map.entry("then", "write the cases as anyOf"),
          Map.entry("else", "write the cases as anyOf"),
          Map.entry("$dynamicRef", "use $ref"),
          Map.entry("$recursiveRef", "use $ref"));

  private final SchemaDocument document;
  private final Disjointness disjointness;
  private final Set<String> path = new LinkedHashSet<>();
  private final Set<String> checked = new LinkedHashSet<>(); // pointers of oneOf
  private final ArrayDeque<Runnable> unchecked = new ArrayDeque<>(); // oneOf, until path is empty
  private int work;

  SchemaAlternatives(SchemaDocument document) {
    this.document = document;
    this.disjointness = new Disjointness(this);
  }

  /// The alternatives of schemas that hold at once.
  ///
  /// @throws GrammarException if one of them cannot be enforced
  List<List<SchemaNode>> of(List<SchemaNode> schemas) {
    List<List<SchemaNode>> all = List.of(List.of());
    for (SchemaNode schema : schemas) {
      all = product(schema, all, of(schema));
    }
    while (path.isEmpty() && !unchecked.isEmpty()) {
      unchecked.removeFirst().run();
    }
    return all;
  }

  private List<List<SchemaNode>> of(SchemaNode schema) {
    if (schema.json().isBoolean()) {
      return schema.json().asBoolean() ? List.of(List.of()) : List.of();
    }
    if (!path.add(schema.pointer())) {
      throw schema.refusal("the schema refers to itself without saying anything");
    }
    if (path.size() > CHAIN_MAX) {
      throw schema.refusal("more than " + CHAIN_MAX + " references lead to each other");
    }
    Interruption.check();
    check(schema);
    List<List<SchemaNode>> all = List.of(List.of(schema));
    if (schema.has("$ref")) {
      all = product(schema, all, of(document.resolve(schema)));
    }
    for (SchemaNode part : schema.schemas("allOf")) {
      all = product(schema, all, of(part));
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (schema.has(keyword)) {
        all = product(schema, all, union(schema, keyword));
      }
    }
    path.remove(schema.pointer());
    return all;
  }

  private List<List<SchemaNode>> union(SchemaNode schema, String keyword) {
    List<SchemaNode> branches = schema.schemas(keyword);
    if (branches.isEmpty()) {
      throw schema.refusalAt(keyword, "must have at least one schema");
    }
    var all = new ArrayList<List<SchemaNode>>();
    var alternatives = new ArrayList<List<List<SchemaNode>>>();
    for (SchemaNode branch : branches) {
      alternatives.add(of(branch));
      all.addAll(alternatives.getLast());
      checkCount(schema, all.size());
    }
    if (keyword.equals("oneOf") && checked.add(schema.pointer())) {
      unchecked.add(() -> disjointness.check(schema, alternatives));
    }
    return all;
  }

  private List<List<SchemaNode>> product(
      SchemaNode schema, List<List<SchemaNode>> left, List<List<SchemaNode>> right) {
    checkCount(schema, (long) left.size() * right.size());
    if (right.size() == 1 && right.getFirst().isEmpty()) {
      return left;
    }
    var all = new ArrayList<List<SchemaNode>>();
    for (List<SchemaNode> a : left) {
      for (List<SchemaNode> b : right) {
        var both = new LinkedHashSet<>(a);
        both.addAll(b);
        work += both.size();
        all.add(List.copyOf(both));
      }
    }
    if (work > WORK_MAX) {
      throw schema.refusal("the schema combines too many others; simplify it");
    }
    return all;
  }

  private static void checkCount(SchemaNode schema, long count) {
    if (count > ALTERNATIVES_MAX) {
      throw schema.refusal(
          "anyOf and oneOf come to more than %,d alternatives; simplify them"
              .formatted(ALTERNATIVES_MAX));
    }
  }

  private static void check(SchemaNode schema) {
    for (String keyword : schema.json().propertyNames()) {
      String advice = REFUSED.get(keyword);
      boolean isInert = (keyword.equals("then") || keyword.equals("else")) && !schema.has("if");
      if (advice != null && !isInert) {
        throw schema.refusalAt(keyword, keyword + " cannot be enforced; " + advice);
      }
    }
    if (schema.isTrue("uniqueItems") && schema.count("maxItems", Expression.UNBOUNDED) > 1) {
      throw schema.refusalAt(
          "uniqueItems", "uniqueItems cannot be enforced; leave it out and check the answer");
    }
  }
}
