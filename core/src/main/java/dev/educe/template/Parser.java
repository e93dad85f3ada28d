package dev.educe.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// Reads statements. What jinja2 finds wrong with a template when it compiles it is refused here.
final class Parser {
  private static final Set<String> OTHER_TEMPLATES = Set.of("include", "import", "from", "extends");

  private final Cursor cursor;
  private final ExpressionParser expressions;
  private int loops; // around the current statement, within its macro
  private int namedLoops; // around it at all

  private Parser(Cursor cursor) {
    this.cursor = cursor;
    this.expressions = new ExpressionParser(cursor);
  }

  /// @throws TemplateException if it is not a template
  static List<Node> parse(String source) {
    var parser = new Parser(new Cursor(Lexer.tokens(source)));
    var body = parser.body(Set.of());
    parser.expressions.checkNames();
    return body;
  }

  /// Statements up to a tag of one of these names, which remains to be read, or to the end.
  private List<Node> body(Set<String> ends) {
    cursor.enter();
    var nodes = new ArrayList<Node>();
    while (!cursor.is(Token.Kind.END)) {
      var token = cursor.next();
      switch (token.kind()) {
        case DATA -> nodes.add(new Node.Data(Text.of(token.text())));
        case VARIABLE_BEGIN -> {
          nodes.add(new Node.Print(expressions.tuple(true), token.line()));
          cursor.expect(Token.Kind.VARIABLE_END);
        }
        default -> {
          if (cursor.is(Token.Kind.NAME) && ends.contains(cursor.current().text())) {
            cursor.leave();
            return nodes;
          }
          statement(nodes);
          cursor.expect(Token.Kind.BLOCK_END);
        }
      }
    }
    if (!ends.isEmpty()) {
      throw cursor.failure("a block is not closed; expected " + String.join(" or ", ends));
    }
    cursor.leave();
    return nodes;
  }

  /// The body of a statement: its tag ends here.
  private List<Node> block(String... ends) {
    cursor.skipOperator(":");
    cursor.expect(Token.Kind.BLOCK_END);
    return body(Set.of(ends));
  }

  /// A body that ends with a tag of this name, which is read, too.
  private List<Node> whole(String end) {
    var nodes = block(end);
    cursor.expectName(end);
    return nodes;
  }

  /// A body in a function of its own.
  private List<Node> unconditional(Supplier<List<Node>> body) {
    boolean before = expressions.setConditional(false);
    var nodes = body.get();
    expressions.setConditional(before);
    return nodes;
  }

  private void statement(List<Node> nodes) {
    var tag = cursor.expect(Token.Kind.NAME);
    switch (tag.text()) {
      case "if" -> nodes.add(condition());
      case "for" -> nodes.add(loop(tag.line()));
      case "set" -> nodes.add(set(tag.line()));
      case "macro" -> nodes.add(macro());
      case "call" -> nodes.add(call(tag.line()));
      case "filter" -> {
        Expr filters = expressions.filters(new Expr.Captured());
        var body = unconditional(() -> whole("endfilter"));
        nodes.add(new Node.FilterBlock(filters, body, tag.line()));
      }
      case "with" -> nodes.add(with(tag.line()));
      case "generation" -> nodes.add(new Node.Generation(apart(() -> whole("endgeneration"))));
      case "block" -> nodes.add(namedBlock());
      case "print" -> print(nodes, tag.line());
      case "break", "continue" -> {
        if (loops == 0) {
          throw new TemplateException("'" + tag.text() + "' stands outside of a loop", tag.line());
        }
        nodes.add(new Node.Jump(tag.text().equals("break")));
      }
      default -> throw refused(tag);
    }
  }

  private static TemplateException refused(Token tag) {
    String name = Messages.shortened(tag.text());
    return new TemplateException(
        OTHER_TEMPLATES.contains(name)
            ? "'" + name + "' needs other templates, which a chat template does not have"
            : name.equals("autoescape")
                ? "'autoescape' is for HTML, which a chat template does not write"
                : "there is no tag '" + name + "', or it closes nothing that is open",
        tag.line());
  }

  private Node.If condition() {
    boolean before = expressions.setConditional(true);
    var branches = new ArrayList<Node.Branch>();
    List<Node> otherwise = List.of();
    while (true) {
      int line = cursor.line();
      Expr test = expressions.tuple(false);
      branches.add(new Node.Branch(test, block("elif", "else", "endif"), line));
      var tag = cursor.next();
      if (!tag.isName("elif")) {
        if (tag.isName("else")) {
          otherwise = whole("endif");
        }
        expressions.setConditional(before);
        return new Node.If(branches, otherwise);
      }
    }
  }

  private Node.For loop(int line) {
    namedLoops++;
    var target = target(false);
    cursor.expectName("in");
    Expr items = expressions.tuple(false);
    boolean before = expressions.setConditional(false);
    Optional<Expr> test =
        cursor.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
    boolean isRecursive = cursor.skipName("recursive");
    loops++;
    var body = block("endfor", "else");
    loops--;
    List<Node> otherwise = cursor.next().isName("else") ? whole("endfor") : List.of();
    expressions.setConditional(before);
    namedLoops--;
    return new Node.For(target, items, test, isRecursive, body, otherwise, line);
  }

  private Node set(int line) {
    var target = target(true);
    if (cursor.skipOperator("=")) {
      return new Node.Set(target, expressions.tuple(true), line);
    }
    Expr filters =
        cursor.skipOperator("|") ? expressions.filters(new Expr.Captured()) : new Expr.Captured();
    return new Node.SetBlock(target, filters, unconditional(() -> whole("endset")), line);
  }

  private Node macro() {
    String name = assignable(cursor.expect(Token.Kind.NAME));
    return new Node.MacroDefinition(code(name, true, "endmacro", null));
  }

  private Node call(int line) {
    var called = new Expr.Call[1];
    var code = code("", cursor.isOperator("("), "endcall", called);
    return new Node.CallBlock(code, called[0], line);
  }

  /// A macro's parameters and body.
  ///
  /// @param called where the expression goes that stands between the two, if one does
  private Node.MacroCode code(String name, boolean hasParameters, String end, Expr.Call[] called) {
    var parameters = new ArrayList<String>();
    var defaults = new ArrayList<Expr>();
    expressions.beginMacro();
    if (hasParameters) {
      parameters(parameters, defaults);
    }
    expressions.endMacro();
    if (called != null) {
      int line = cursor.line();
      called[0] =
          expressions.expression() instanceof Expr.Call call
              ? call
              : refuse(new TemplateException("'call' needs a call: name(…)", line));
    }
    expressions.beginMacro();
    var body = apart(() -> whole(end));
    var extras = expressions.endMacro();
    boolean hasCaller = parameters.contains("caller");
    if (extras.contains("caller")
        && hasCaller
        && parameters.indexOf("caller") < parameters.size() - defaults.size()) {
      throw cursor.failure("the parameter 'caller' of a macro needs a default, or to be left out");
    }
    extras.removeAll(parameters);
    return new Node.MacroCode(name, parameters, defaults, extras, body);
  }

  private static Expr.Call refuse(TemplateException failure) {
    throw failure;
  }

  private void parameters(List<String> names, List<Expr> defaults) {
    cursor.expectOperator("(");
    while (!cursor.isOperator(")")) {
      String name = cursor.expect(Token.Kind.NAME).text();
      if (names.contains(name)) {
        throw cursor.failure("there are two parameters '" + Messages.shortened(name) + "'");
      }
      names.add(name);
      if (cursor.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw cursor.failure("a parameter without a default cannot follow one that has one");
      }
      if (!cursor.isOperator(")")) {
        cursor.expectOperator(",");
      }
    }
    cursor.next();
  }

  /// A body in a function of its own, which a jump cannot leave.
  private List<Node> apart(Supplier<List<Node>> body) {
    int around = loops;
    loops = 0;
    var nodes = unconditional(body);
    loops = around;
    return nodes;
  }

  private Node.With with(int line) {
    var targets = new ArrayList<Node.Target>();
    var values = new ArrayList<Expr>();
    while (!cursor.is(Token.Kind.BLOCK_END)) {
      if (!targets.isEmpty()) {
        cursor.expectOperator(",");
      }
      targets.add(target(false));
      cursor.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Node.With(targets, values, unconditional(() -> whole("endwith")), line);
  }

  private Node.Block namedBlock() {
    String name = cursor.expect(Token.Kind.NAME).text();
    boolean isScoped = cursor.skipName("scoped");
    cursor.skipName("required");
    var body = apart(() -> whole("endblock"));
    cursor.skipName(name);
    return new Node.Block(isScoped, body);
  }

  private void print(List<Node> nodes, int line) {
    while (!cursor.is(Token.Kind.BLOCK_END)) {
      nodes.add(new Node.Print(expressions.expression(), line));
      if (!cursor.is(Token.Kind.BLOCK_END)) {
        cursor.expectOperator(",");
      }
    }
  }

  /// What is assigned to: names, in parentheses or not, and attributes of namespaces.
  private Node.Target target(boolean withAttributes) {
    var targets = new ArrayList<Node.Target>();
    do {
      if (!targets.isEmpty() && isTargetEnd()) {
        return new Node.Target.Several(targets);
      }
      targets.add(single(withAttributes));
      if (!cursor.isOperator(",") && targets.size() == 1) {
        return targets.getFirst();
      }
    } while (cursor.skipOperator(","));
    return new Node.Target.Several(targets);
  }

  private boolean isTargetEnd() {
    return cursor.isName("in") || cursor.isOperator(")") || cursor.is(Token.Kind.BLOCK_END);
  }

  private Node.Target single(boolean withAttributes) {
    if (cursor.skipOperator("(")) {
      cursor.enter();
      var inside = target(withAttributes);
      cursor.expectOperator(")");
      cursor.leave();
      return inside;
    }
    var name = cursor.expect(Token.Kind.NAME);
    if (withAttributes && cursor.skipOperator(".")) {
      String attribute = cursor.expect(Token.Kind.NAME).text();
      return new Node.Target.Attribute(name.text(), attribute);
    }
    return new Node.Target.Name(assignable(name));
  }

  private String assignable(Token name) {
    boolean isLiteral =
        Set.of("true", "false", "none", "True", "False", "None").contains(name.text());
    if (isLiteral || (namedLoops > 0 && name.text().equals("loop"))) {
      throw new TemplateException("'" + name.text() + "' cannot be assigned to", name.line());
    }
    return name.text();
  }
}
