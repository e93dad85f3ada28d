package dev.educe.template;

import java.util.List;

/// Goes through the tokens of a template, and counts how deep what it reads is nested.
final class Cursor {
  /// Parentheses within parentheses, blocks within blocks; some fifteen Java methods each.
  private static final int DEPTH_MAX = 100;

  private final List<Token> tokens;
  private int next;
  private int depth;

  /// @param tokens the last is of kind [Token.Kind#END]
  Cursor(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(next);
  }

  Token following() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  int line() {
    return current().line();
  }

  boolean is(Token.Kind kind) {
    return current().kind() == kind;
  }

  boolean isName(String name) {
    return current().isName(name);
  }

  boolean isOperator(String operator) {
    return current().isOperator(operator);
  }

  /// Takes the current token.
  Token next() {
    var token = current();
    next = Math.min(next + 1, tokens.size() - 1);
    return token;
  }

  boolean skipName(String name) {
    boolean is = isName(name);
    if (is) {
      next();
    }
    return is;
  }

  boolean skipOperator(String operator) {
    boolean is = isOperator(operator);
    if (is) {
      next();
    }
    return is;
  }

  Token expect(Token.Kind kind) {
    if (!is(kind)) {
      throw unexpected(kind.toString());
    }
    return next();
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  TemplateException unexpected(String expected) {
    return failure("expected " + expected + ", found " + current().shown());
  }

  TemplateException failure(String sentence) {
    return new TemplateException(sentence, line());
  }

  /// Goes a level deeper; [#leave()] follows, unless parsing ends.
  void enter() {
    if (++depth > DEPTH_MAX) {
      throw failure("the template is nested more than " + DEPTH_MAX + " levels deep");
    }
  }

  void leave() {
    depth--;
  }
}
