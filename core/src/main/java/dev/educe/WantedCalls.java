package dev.educe;

import dev.educe.grammar.TokenGrammar;
import dev.educe.grammar.TokenMatcher;
import dev.educe.sampling.Constraint;
import java.util.OptionalInt;

/// Holds a model to calls of tools, and to no more of them than it wants: where it may end, and
/// would rather write anything else than another call, it ends.
final class WantedCalls implements Constraint {
  private final TokenMatcher calls;

  WantedCalls(TokenGrammar calls) {
    this.calls = calls.matcher();
  }

  @Override
  public long[] allowed() {
    return calls.allowed();
  }

  @Override
  public boolean accept(int token) {
    return calls.accept(token);
  }

  @Override
  public OptionalInt otherwise() {
    return calls.end();
  }

  @Override
  public boolean mustEnd() {
    return calls.mustEnd();
  }
}
