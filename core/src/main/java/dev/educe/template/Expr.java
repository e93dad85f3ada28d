package dev.educe.template;

import java.util.List;
import java.util.Optional;

/// An expression.
sealed interface Expr {
  /// A literal.
  record Constant(Value value) implements Expr {}

  /// A variable.
  record Name(String name) implements Expr {}

  /// `[a, b]`.
  record ListOf(List<Expr> items) implements Expr {}

  /// `(a, b)`.
  record TupleOf(List<Expr> items) implements Expr {}

  /// `{a: b}`; the value of `keys[i]` is `values[i]`.
  record DictOf(List<Expr> keys, List<Expr> values) implements Expr {}

  /// `a.name`: the attribute, or else the item.
  record Attribute(Expr owner, String name, int line) implements Expr {}

  /// `a[key]`: the item, or else the attribute.
  record Item(Expr owner, Expr key, int line) implements Expr {}

  /// `a[start:stop:step]`.
  record Slice(Expr owner, Optional<Expr> start, Optional<Expr> stop, Optional<Expr> step, int line)
      implements Expr {}

  /// `f(…)`.
  record Call(Expr function, CallArguments arguments, int line) implements Expr {}

  /// `a | name(…)`; the operand of a filter block is what the block renders.
  record Filter(Expr operand, String name, CallArguments arguments, int line) implements Expr {}

  /// `a is name(…)`.
  record Test(Expr operand, String name, CallArguments arguments, int line) implements Expr {}

  /// `-a` or `+a`.
  record Sign(boolean isMinus, Expr operand, int line) implements Expr {}

  /// `not a`.
  record Not(Expr operand) implements Expr {}

  /// `a and b`, `a or b`.
  record Both(boolean isAnd, Expr left, Expr right) implements Expr {}

  /// `a + b` and the like.
  record Binary(Operator operator, Expr left, Expr right, int line) implements Expr {}

  /// `a ~ b ~ c`.
  record Concat(List<Expr> parts) implements Expr {}

  /// `a < b <= c`; `operators[i]` stands before `operands[i]`.
  record Compare(Expr first, List<Comparison> operators, List<Expr> operands, int line)
      implements Expr {}

  /// `a if test else b`.
  record Conditional(Expr test, Expr then, Optional<Expr> otherwise, int line) implements Expr {}

  /// What a block has rendered, for its filters.
  record Captured() implements Expr {}

  /// What a call is given.
  ///
  /// @param positional in order
  /// @param names of the keyword arguments
  /// @param named their values
  /// @param list `*list`
  /// @param dict `**dict`
  record CallArguments(
      List<Expr> positional,
      List<String> names,
      List<Expr> named,
      Optional<Expr> list,
      Optional<Expr> dict) {
    static final CallArguments NONE =
        new CallArguments(List.of(), List.of(), List.of(), Optional.empty(), Optional.empty());

    static CallArguments of(Expr only) {
      return new CallArguments(
          List.of(only), List.of(), List.of(), Optional.empty(), Optional.empty());
    }
  }

  /// An operator of arithmetic.
  enum Operator {
    ADD("+"),
    SUBTRACT("-"),
    MULTIPLY("*"),
    DIVIDE("/"),
    FLOOR_DIVIDE("//"),
    MODULO("%"),
    POWER("**");

    private final String symbol;

    Operator(String symbol) {
      this.symbol = symbol;
    }

    String symbol() {
      return symbol;
    }
  }

  /// An operator that compares.
  enum Comparison {
    EQUAL("=="),
    NOT_EQUAL("!="),
    LESS("<"),
    LESS_OR_EQUAL("<="),
    GREATER(">"),
    GREATER_OR_EQUAL(">="),
    IN("in"),
    NOT_IN("not in");

    private final String symbol;

    Comparison(String symbol) {
      this.symbol = symbol;
    }

    String symbol() {
      return symbol;
    }
  }
}
