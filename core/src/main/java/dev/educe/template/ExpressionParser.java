package dev.educe.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads expressions, with jinja2's precedence: `if`, `or`, `and`, `not`, comparisons, `+ -`, `~`,
/// `* / // %`, `**`, signs, then subscripts, calls, filters and tests.
final class ExpressionParser {
  private static final Map<String, Expr.Comparison> COMPARISONS =
      Map.of(
          "==", Expr.Comparison.EQUAL,
          "!=", Expr.Comparison.NOT_EQUAL,
          "<", Expr.Comparison.LESS,
          "<=", Expr.Comparison.LESS_OR_EQUAL,
          ">", Expr.Comparison.GREATER,
          ">=", Expr.Comparison.GREATER_OR_EQUAL);
  private static final Map<String, Expr.Operator> SUMS =
      Map.of("+", Expr.Operator.ADD, "-", Expr.Operator.SUBTRACT);
  private static final Map<String, Expr.Operator> PRODUCTS =
      Map.of(
          "*", Expr.Operator.MULTIPLY,
          "/", Expr.Operator.DIVIDE,
          "//", Expr.Operator.FLOOR_DIVIDE,
          "%", Expr.Operator.MODULO);
  private static final Set<String> EXTRAS = Set.of("caller", "kwargs", "varargs");

  /// How many operators of one kind may follow each other: each makes the expression deeper.
  private static final int CHAIN_MAX = 200;

  private final Cursor cursor;
  private final Deque<Set<String>> mentions = new ArrayDeque<>();
  private final List<TemplateException> unknown = new ArrayList<>();
  private boolean isConditional;

  ExpressionParser(Cursor cursor) {
    this.cursor = cursor;
  }

  /// Says whether what follows may never run: then a filter that does not exist is no failure yet.
  ///
  /// @return what it was before
  boolean setConditional(boolean is) {
    boolean before = isConditional;
    isConditional = is;
    return before;
  }

  /// Begins to note which extras the body of a macro mentions.
  void beginMacro() {
    mentions.push(new HashSet<>());
  }

  Set<String> endMacro() {
    return mentions.pop();
  }

  /// @throws TemplateException if a filter or test does not exist and is not in a condition
  void checkNames() {
    if (!unknown.isEmpty()) {
      throw unknown.getFirst();
    }
  }

  Expr expression() {
    cursor.enter();
    int known = unknown.size();
    Expr value = or();
    while (cursor.isName("if")) {
      int line = cursor.next().line();
      Expr test = or();
      Optional<Expr> otherwise =
          cursor.skipName("else") ? Optional.of(expression()) : Optional.empty();
      value = new Expr.Conditional(test, value, otherwise, line);
      unknown.subList(known, unknown.size()).clear();
    }
    cursor.leave();
    return value;
  }

  /// Expressions with commas between them are a tuple.
  ///
  /// @param withConditions whether an `if` belongs to the expression
  Expr tuple(boolean withConditions) {
    var items = new ArrayList<Expr>();
    do {
      if (!items.isEmpty() && isTupleEnd()) {
        return new Expr.TupleOf(items);
      }
      items.add(withConditions ? expression() : or());
      if (!cursor.isOperator(",") && items.size() == 1) {
        return items.getFirst();
      }
    } while (cursor.skipOperator(","));
    return new Expr.TupleOf(items);
  }

  private boolean isTupleEnd() {
    return cursor.is(Token.Kind.VARIABLE_END)
        || cursor.is(Token.Kind.BLOCK_END)
        || cursor.isOperator(")")
        || cursor.isName("recursive");
  }

  private Expr or() {
    Expr left = and();
    for (int links = 0; cursor.skipName("or"); links++) {
      left = new Expr.Both(false, left, linked(links, and()));
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    for (int links = 0; cursor.skipName("and"); links++) {
      left = new Expr.Both(true, left, linked(links, not()));
    }
    return left;
  }

  private Expr not() {
    if (!cursor.skipName("not")) {
      return comparison();
    }
    cursor.enter();
    var operand = not();
    cursor.leave();
    return new Expr.Not(operand);
  }

  private Expr comparison() {
    int line = cursor.line();
    Expr first = sum();
    var operators = new ArrayList<Expr.Comparison>();
    var operands = new ArrayList<Expr>();
    while (true) {
      var operator =
          cursor.is(Token.Kind.OPERATOR) ? COMPARISONS.get(cursor.current().text()) : null;
      if (operator != null) {
        cursor.next();
      } else if (cursor.skipName("in")) {
        operator = Expr.Comparison.IN;
      } else if (cursor.isName("not") && cursor.following().isName("in")) {
        cursor.next();
        cursor.next();
        operator = Expr.Comparison.NOT_IN;
      } else {
        return operators.isEmpty() ? first : new Expr.Compare(first, operators, operands, line);
      }
      operators.add(operator);
      operands.add(sum());
    }
  }

  private Expr sum() {
    Expr left = concatenation();
    for (int links = 0; isOneOf(SUMS); links++) {
      var operator = cursor.next();
      left =
          new Expr.Binary(
              SUMS.get(operator.text()), left, linked(links, concatenation()), operator.line());
    }
    return left;
  }

  private Expr concatenation() {
    Expr first = product();
    if (!cursor.isOperator("~")) {
      return first;
    }
    var parts = new ArrayList<Expr>(List.of(first));
    while (cursor.skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concat(parts);
  }

  private Expr product() {
    Expr left = power();
    for (int links = 0; isOneOf(PRODUCTS); links++) {
      var operator = cursor.next();
      left =
          new Expr.Binary(
              PRODUCTS.get(operator.text()), left, linked(links, power()), operator.line());
    }
    return left;
  }

  /// Unlike Python, jinja2 goes from left to right here.
  private Expr power() {
    Expr left = unary(true);
    for (int links = 0; cursor.isOperator("**"); links++) {
      int line = cursor.next().line();
      left = new Expr.Binary(Expr.Operator.POWER, left, linked(links, unary(true)), line);
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    Expr operand;
    if (isOneOf(SUMS)) {
      cursor.enter();
      var sign = cursor.next();
      operand = new Expr.Sign(sign.text().equals("-"), unary(false), sign.line());
      cursor.leave();
    } else {
      operand = primary();
    }
    operand = postfix(operand);
    return withFilters ? filtersAndTests(operand) : operand;
  }

  private Expr primary() {
    var token = cursor.current();
    return switch (token.kind()) {
      case NAME -> {
        cursor.next();
        yield name(token.text());
      }
      case STRING -> {
        var text = new StringBuilder();
        while (cursor.is(Token.Kind.STRING)) {
          text.append(cursor.next().text());
        }
        yield new Expr.Constant(Text.of(text.toString()));
      }
      case NUMBER -> new Expr.Constant(cursor.next().value());
      case OPERATOR -> bracket(token.text());
      default -> throw cursor.unexpected("an expression");
    };
  }

  private Expr name(String name) {
    return switch (name) {
      case "true", "True" -> new Expr.Constant(Bool.TRUE);
      case "false", "False" -> new Expr.Constant(Bool.FALSE);
      case "none", "None" -> new Expr.Constant(None.NONE);
      default -> {
        if (EXTRAS.contains(name)) {
          mentions.forEach(names -> names.add(name));
        }
        yield new Expr.Name(name);
      }
    };
  }

  private Expr bracket(String open) {
    switch (open) {
      case "(" -> {
        cursor.next();
        var inside = cursor.isOperator(")") ? new Expr.TupleOf(List.of()) : tuple(true);
        cursor.expectOperator(")");
        return inside;
      }
      case "[" -> {
        cursor.next();
        var items = new ArrayList<Expr>();
        while (!cursor.isOperator("]")) {
          items.add(expression());
          if (!cursor.isOperator("]")) {
            cursor.expectOperator(",");
          }
        }
        cursor.next();
        return new Expr.ListOf(items);
      }
      case "{" -> {
        cursor.next();
        var keys = new ArrayList<Expr>();
        var values = new ArrayList<Expr>();
        while (!cursor.isOperator("}")) {
          keys.add(expression());
          cursor.expectOperator(":");
          values.add(expression());
          if (!cursor.isOperator("}")) {
            cursor.expectOperator(",");
          }
        }
        cursor.next();
        return new Expr.DictOf(keys, values);
      }
      default -> throw cursor.unexpected("an expression");
    }
  }

  /// Subscripts and calls.
  private Expr postfix(Expr operand) {
    Expr owner = operand;
    for (int links = 0; ; links++) {
      if (cursor.isOperator(".")) {
        owner = attribute(linked(links, owner));
      } else if (cursor.isOperator("[")) {
        owner = subscript(linked(links, owner));
      } else if (cursor.isOperator("(")) {
        owner = call(linked(links, owner));
      } else {
        return owner;
      }
    }
  }

  private Expr filtersAndTests(Expr operand) {
    Expr value = operand;
    for (int links = 0; ; links++) {
      if (cursor.isOperator("|")) {
        cursor.next();
        value = filter(linked(links, value));
      } else if (cursor.isName("is")) {
        value = test(linked(links, value));
      } else if (cursor.isOperator("(")) {
        value = call(linked(links, value));
      } else {
        return value;
      }
    }
  }

  private Expr attribute(Expr owner) {
    int line = cursor.next().line();
    var name = cursor.next();
    if (name.kind() == Token.Kind.NAME) {
      return new Expr.Attribute(owner, name.text(), line);
    }
    if (name.value() instanceof Int index) {
      return new Expr.Item(owner, new Expr.Constant(index), line);
    }
    throw new TemplateException("a name or number must follow the dot", line);
  }

  private Expr subscript(Expr owner) {
    int line = cursor.next().line();
    Optional<Expr> start =
        cursor.isOperator(":") || cursor.isOperator("]")
            ? Optional.empty()
            : Optional.of(expression());
    if (!cursor.skipOperator(":")) {
      return item(owner, start.orElse(new Expr.TupleOf(List.of())), line);
    }
    var stop = sliceBound();
    Optional<Expr> step = cursor.skipOperator(":") ? sliceBound() : Optional.empty();
    cursor.expectOperator("]");
    return new Expr.Slice(owner, start, stop, step, line);
  }

  private Expr item(Expr owner, Expr first, int line) {
    var keys = new ArrayList<Expr>(List.of(first));
    while (cursor.skipOperator(",")) {
      keys.add(expression());
    }
    cursor.expectOperator("]");
    return new Expr.Item(owner, keys.size() == 1 ? first : new Expr.TupleOf(keys), line);
  }

  private Optional<Expr> sliceBound() {
    return cursor.isOperator(":") || cursor.isOperator("]")
        ? Optional.empty()
        : Optional.of(expression());
  }

  private Expr.Call call(Expr function) {
    int line = cursor.line();
    return new Expr.Call(function, arguments(), line);
  }

  private Expr.CallArguments arguments() {
    cursor.expectOperator("(");
    var positional = new ArrayList<Expr>();
    var names = new ArrayList<String>();
    var named = new ArrayList<Expr>();
    Optional<Expr> list = Optional.empty();
    Optional<Expr> dict = Optional.empty();
    while (!cursor.isOperator(")")) {
      if (cursor.isOperator("*") && list.isEmpty() && dict.isEmpty()) {
        cursor.next();
        list = Optional.of(expression());
      } else if (cursor.isOperator("**") && dict.isEmpty()) {
        cursor.next();
        dict = Optional.of(expression());
      } else if (cursor.is(Token.Kind.NAME)
          && cursor.following().isOperator("=")
          && dict.isEmpty()) {
        names.add(cursor.next().text());
        cursor.next();
        named.add(expression());
      } else if (list.isEmpty() && dict.isEmpty() && names.isEmpty()) {
        positional.add(expression());
      } else {
        throw cursor.failure("an argument by position cannot follow one by name, * or **");
      }
      if (!cursor.isOperator(")")) {
        cursor.expectOperator(",");
      }
    }
    cursor.next();
    if (Set.copyOf(names).size() < names.size()) {
      throw cursor.failure("an argument is given twice");
    }
    return new Expr.CallArguments(positional, names, named, list, dict);
  }

  /// Filters of a block, the first without a bar before it.
  Expr filters(Expr operand) {
    Expr value = filter(operand);
    for (int links = 0; cursor.skipOperator("|"); links++) {
      value = filter(linked(links, value));
    }
    return value;
  }

  private Expr filter(Expr operand) {
    int line = cursor.line();
    String name = dottedName();
    if (!Filters.exists(name) && !isConditional) {
      unknown.add(new TemplateException(Filters.missing(name), line));
    }
    var arguments = cursor.isOperator("(") ? arguments() : Expr.CallArguments.NONE;
    return new Expr.Filter(operand, name, arguments, line);
  }

  private Expr test(Expr operand) {
    int line = cursor.next().line();
    boolean isNegated = cursor.skipName("not");
    String name = dottedName();
    if (!Tests.exists(name) && !isConditional) {
      unknown.add(new TemplateException(Tests.missing(name), line));
    }
    var arguments = Expr.CallArguments.NONE;
    if (cursor.isOperator("(")) {
      arguments = arguments();
    } else if (isTestArgument()) {
      arguments = Expr.CallArguments.of(postfix(primary()));
    }
    Expr test = new Expr.Test(operand, name, arguments, line);
    return isNegated ? new Expr.Not(test) : test;
  }

  /// Whether an argument without parentheses follows: `x is divisibleby 3`.
  private boolean isTestArgument() {
    if (cursor.isName("is")) {
      throw cursor.failure("tests cannot follow each other; put the first into parentheses");
    }
    return switch (cursor.current().kind()) {
      case NAME -> !cursor.isName("else") && !cursor.isName("or") && !cursor.isName("and");
      case STRING, NUMBER -> true;
      case OPERATOR -> cursor.isOperator("[") || cursor.isOperator("{");
      default -> false;
    };
  }

  private String dottedName() {
    var name = new StringBuilder(cursor.expect(Token.Kind.NAME).text());
    while (cursor.skipOperator(".")) {
      name.append('.').append(cursor.expect(Token.Kind.NAME).text());
    }
    return name.toString();
  }

  private boolean isOneOf(Map<String, ?> operators) {
    return cursor.is(Token.Kind.OPERATOR) && operators.containsKey(cursor.current().text());
  }

  private Expr linked(int links, Expr expression) {
    if (links > CHAIN_MAX) {
      throw cursor.failure("more than " + CHAIN_MAX + " operators follow each other");
    }
    return expression;
  }
}
