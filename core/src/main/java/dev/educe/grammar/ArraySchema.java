package dev.educe.grammar;

import java.util.ArrayList;
import java.util.List;

/// What schemas say about arrays, as an expression.
final class ArraySchema {
  private final SchemaCompiler compiler;
  private final Constraints all;

  ArraySchema(SchemaCompiler compiler, Constraints all) {
    this.compiler = compiler;
    this.all = all;
  }

  Expression expression() {
    int min = all.minItems();
    int max = all.maxItems();
    int listed = 0;
    for (SchemaNode schema : all.schemas()) {
      listed = Math.max(listed, prefix(schema).size());
    }
    listed = Math.min(listed, max);
    Expression rest = compiler.value(item(listed));
    if (listed == 0) {
      return compiler.text().list("[", rest, "]", min, max);
    }
    var states = new ArrayList<Expression.Machine.State>();
    for (int i = 0; i < listed; i++) {
      Expression item = compiler.value(item(i));
      Expression part = i == 0 ? item : Expression.sequence(compiler.text().comma(), item);
      var edge = new Expression.Machine.Edge(part, i + 1);
      states.add(new Expression.Machine.State(i >= min, List.of(edge)));
    }
    var more =
        new Expression.Repeat(
            Expression.sequence(compiler.text().comma(), rest),
            Math.max(0, min - listed),
            max == Expression.UNBOUNDED ? max : max - listed);
    var edge = new Expression.Machine.Edge(more, listed + 1);
    states.add(new Expression.Machine.State(listed >= min, List.of(edge)));
    states.add(new Expression.Machine.State(true, List.of()));
    return Expression.sequence(
        Expression.literal("["),
        new Expression.Machine(states, 0, Expression.UNBOUNDED),
        Expression.literal("]"));
  }

  /// The schemas of the first items; `items` as a list is how older drafts spell it.
  private static List<SchemaNode> prefix(SchemaNode schema) {
    return schema.json().path("items").isArray()
        ? schema.schemas("items")
        : schema.schemas("prefixItems");
  }

  private List<SchemaNode> item(int index) {
    var schemas = new ArrayList<SchemaNode>();
    for (SchemaNode schema : all.schemas()) {
      List<SchemaNode> prefix = prefix(schema);
      boolean isOld = schema.json().path("items").isArray();
      if (index < prefix.size()) {
        schemas.add(prefix.get(index));
      } else {
        schema.schema(isOld ? "additionalItems" : "items").ifPresent(schemas::add);
      }
    }
    return schemas;
  }
}
