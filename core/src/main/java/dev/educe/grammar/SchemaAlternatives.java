package dev.educe.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a schema says once its references, `allOf`, `anyOf`, `oneOf` and `not` are followed: a list
/// of alternatives, each a list of schemas that hold at once and say the rest by themselves.
final class SchemaAlternatives {
  /// Alternatives of one schema.
  private static final int ALTERNATIVES_MAX = 2_048;

  private static final int CHAIN_MAX = 200; // references and combinations within each other

  // Steps of following, all schemas together.
  private static final int WORK_MAX = 2_000_000;

  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("unevaluatedProperties", "use additionalProperties"),
          Map.entry("unevaluatedItems", "use items"),
          Map.entry("contains", "use items or prefixItems"),
          Map.entry("$dynamicRef", "use $ref"),
          Map.entry("$recursiveRef", "use $ref"));

  private final SchemaDocument document;
  private final Disjointness disjointness;
  private final SchemaRewriting rewriting;
  private Set<String> path = new LinkedHashSet<>();
  private final Map<String, List<BitSet>> overlaps = new HashMap<>(); // by pointer of oneOf
  private boolean isComparing; // branches of a oneOf: those within may then be taken for anyOf
  private int work;

  SchemaAlternatives(SchemaDocument document) {
    this.document = document;
    this.disjointness = new Disjointness(this);
    this.rewriting = new SchemaRewriting(document);
  }

  /// The alternatives of schemas that hold at once.
  ///
  /// @throws GrammarException if one of them cannot be enforced
  List<List<SchemaNode>> of(List<SchemaNode> schemas) {
    List<List<SchemaNode>> all = List.of(List.of());
    for (SchemaNode schema : schemas) {
      all = product(schema, all, of(schema));
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
    for (SchemaNode part : rewriting.of(schema)) {
      all = product(schema, all, of(part));
    }
    path.remove(schema.pointer());
    return all;
  }

  private List<List<SchemaNode>> union(SchemaNode schema, String keyword) {
    List<SchemaNode> branches = schema.schemas(keyword);
    if (branches.isEmpty()) {
      throw schema.refusalAt(keyword, "must have at least one schema");
    }
    var alternatives = new ArrayList<List<List<SchemaNode>>>();
    for (SchemaNode branch : branches) {
      alternatives.add(of(branch));
    }
    if (keyword.equals("oneOf") && !isComparing) {
      exclude(schema, branches, alternatives);
    }
    var all = new ArrayList<List<SchemaNode>>();
    for (var of : alternatives) {
      all.addAll(of);
      checkCount(schema, all.size());
    }
    return all;
  }

  /// Where a value may fit two branches of a `oneOf`, says of each that the other must not fit.
  private void exclude(
      SchemaNode schema, List<SchemaNode> branches, List<List<List<SchemaNode>>> alternatives) {
    List<BitSet> shared = overlaps.get(schema.pointer());
    if (shared == null) {
      shared = overlaps(alternatives);
      overlaps.put(schema.pointer(), shared);
    }
    for (int i = 0; i < branches.size(); i++) {
      for (int j = shared.get(i).nextSetBit(0); j >= 0; j = shared.get(i).nextSetBit(j + 1)) {
        try {
          var other = of(rewriting.negated(branches.get(j)));
          alternatives.set(i, product(schema, alternatives.get(i), other));
        } catch (GrammarException problem) {
          throw schema.refusalAt(
              "oneOf",
              "branches %d and %d may both fit, which cannot be ruled out; use anyOf"
                  .formatted(Math.min(i, j), Math.max(i, j)));
        }
      }
    }
  }

  /// By branch, the others that a value may fit as well.
  private List<BitSet> overlaps(List<List<List<SchemaNode>>> alternatives) {
    Set<String> outer = path;
    path = new LinkedHashSet<>();
    isComparing = true;
    try {
      var overlaps = new ArrayList<BitSet>();
      for (int i = 0; i < alternatives.size(); i++) {
        overlaps.add(new BitSet());
        for (int j = 0; j < i; j++) {
          if (!disjointness.areApart(alternatives.get(j), alternatives.get(i))) {
            overlaps.get(i).set(j);
            overlaps.get(j).set(i);
          }
        }
      }
      return overlaps;
    } finally {
      path = outer;
      isComparing = false;
    }
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
      if (advice != null) {
        throw schema.refusalAt(keyword, keyword + " cannot be enforced; " + advice);
      }
    }
    if (schema.isTrue("uniqueItems") && schema.count("maxItems", Expression.UNBOUNDED) > 1) {
      throw schema.refusalAt(
          "uniqueItems", "uniqueItems cannot be enforced; leave it out and check the answer");
    }
  }
}
