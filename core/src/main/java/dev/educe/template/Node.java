package dev.educe.template;

import java.util.List;
import java.util.Optional;

/// A statement.
sealed interface Node {
  /// Text between tags.
  record Data(Text text) implements Node {}

  /// `{{ value }}`.
  record Print(Expr value, int line) implements Node {}

  /// `if`, every `elif`, and `else`: the first branch whose test holds.
  record If(List<Branch> branches, List<Node> otherwise) implements Node {}

  /// A test and what follows if it holds.
  record Branch(Expr test, List<Node> body, int line) {}

  /// `for target in items if test recursive`.
  record For(
      Target target,
      Expr items,
      Optional<Expr> test,
      boolean isRecursive,
      List<Node> body,
      List<Node> otherwise,
      int line)
      implements Node {}

  /// `break` or `continue`.
  record Jump(boolean isBreak) implements Node {}

  /// `set target = value`.
  record Set(Target target, Expr value, int line) implements Node {}

  /// `set target | filters` with a block.
  record SetBlock(Target target, Expr filters, List<Node> body, int line) implements Node {}

  /// `macro`.
  record MacroDefinition(MacroCode code) implements Node {}

  /// `call`: its body becomes the macro `caller` of the macro that it calls.
  record CallBlock(MacroCode caller, Expr.Call call, int line) implements Node {}

  /// `filter`.
  record FilterBlock(Expr filters, List<Node> body, int line) implements Node {}

  /// `with`: `targets[i]` is set to `values[i]` within the body.
  record With(List<Target> targets, List<Expr> values, List<Node> body, int line) implements Node {}

  /// `generation`: what a model is trained to write.
  record Generation(List<Node> body) implements Node {}

  /// `block`: without inheritance, its body, with the names of the whole template.
  record Block(boolean isScoped, List<Node> body) implements Node {}

  /// What something is assigned to.
  sealed interface Target {
    /// A variable of the current scope.
    record Name(String name) implements Target {}

    /// An attribute of a namespace.
    record Attribute(String name, String attribute) implements Target {}

    /// Several targets, for as many values.
    record Several(List<Target> targets) implements Target {}
  }

  /// A macro as it is written, or the body of a call block.
  ///
  /// @param name empty for a call block
  /// @param parameters their names
  /// @param defaults of the last parameters
  /// @param extras which of `caller`, `kwargs` and `varargs` the body mentions, and so accepts
  /// @param body what it renders
  record MacroCode(
      String name,
      List<String> parameters,
      List<Expr> defaults,
      java.util.Set<String> extras,
      List<Node> body) {}
}
