package dev.educe;

import dev.educe.grammar.Part;
import dev.educe.grammar.TokenMatcher;
import dev.educe.sampling.Constraint;
import dev.educe.template.reply.ReasoningSyntax;
import java.util.List;
import java.util.OptionalInt;

/// A constraint of the answer alone, where a reply begins inside reasoning: that is free until the
/// model ends it or its budget is spent, and may not end the reply.
///
/// What the family writes behind the end of its reasoning is written for the model, so that the
/// constrained text begins with a token of its own.
final class AfterReasoning implements Constraint {
  private final TokenMatcher reasoning; // up to its end, the marker included
  private final int tokensMax;
  private final int[] closing; // what ends it early
  private final int[] rest; // what follows the marker
  private final Constraint answer;
  private int spent; // tokens of reasoning
  private int[] forced; // once the reasoning has ended, or is to; null before
  private int written; // tokens of those

  /// @param tokensMax after so many tokens the reasoning is ended
  AfterReasoning(ReasoningSyntax syntax, int tokensMax, Constraint answer, Model model) {
    var tokenizer = model.tokenizer();
    String marker = syntax.close().strip();
    String closing = syntax.closing();
    var text = Part.sequence(new Part.Free(List.of(marker)), CallGrammar.text(marker, tokenizer));
    this.reasoning = model.grammars().of(text).matcher();
    this.tokensMax = tokensMax;
    this.closing = tokenizer.encodePlain(closing, true);
    int end = closing.indexOf(marker) + marker.length();
    this.rest = tokenizer.encodePlain(closing.substring(end), true);
    this.answer = answer;
    closeIfSpent();
  }

  private void closeIfSpent() {
    if (forced == null && spent >= tokensMax) {
      forced = closing;
    }
  }

  @Override
  public long[] allowed() {
    if (forced == null) {
      return reasoning.allowed();
    }
    if (written == forced.length) {
      return answer.allowed();
    }
    int token = forced[written];
    var allowed = new long[token / Long.SIZE + 1];
    allowed[token / Long.SIZE] = 1L << token;
    return allowed;
  }

  @Override
  public boolean accept(int token) {
    if (forced == null) {
      return acceptReasoning(token);
    }
    if (written == forced.length) {
      return answer.accept(token);
    }
    boolean fits = token == forced[written];
    written += fits ? 1 : 0;
    return fits;
  }

  private boolean acceptReasoning(int token) {
    if (!reasoning.accept(token)) {
      return false;
    }
    spent++;
    if (reasoning.mustEnd()) {
      forced = rest;
    }
    closeIfSpent();
    return true;
  }

  @Override
  public OptionalInt otherwise() {
    return forced != null && written == forced.length ? answer.otherwise() : OptionalInt.empty();
  }

  @Override
  public boolean mustEnd() {
    return forced != null && written == forced.length && answer.mustEnd();
  }
}
