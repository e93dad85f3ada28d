package dev.educe;

import dev.educe.grammar.TokenGrammar;
import dev.educe.sampling.Constraint;
import dev.educe.tokenizer.Tokenizer;
import java.util.Arrays;

/// Lets a model write what it likes until it begins calls of tools, and then nothing but calls that
/// fit their schemas.
final class StrictCalls implements Constraint {
  private final String trigger;
  private final TokenGrammar calls;
  private final Tokenizer.Decoder decoder;
  private final long[] all;
  private final StringBuilder tail = new StringBuilder(); // what may begin a trigger
  private Constraint call; // while one is written; null before and after

  /// @param trigger the text that begins calls
  /// @param calls what follows it
  StrictCalls(String trigger, TokenGrammar calls, Tokenizer tokenizer) {
    this.trigger = trigger;
    this.calls = calls;
    this.decoder = tokenizer.markupDecoder();
    int size = tokenizer.vocabularySize();
    this.all = new long[Math.ceilDiv(size, Long.SIZE)];
    Arrays.fill(all, -1);
    all[all.length - 1] >>>= all.length * Long.SIZE - size;
  }

  @Override
  public long[] allowed() {
    return call == null ? all : call.allowed();
  }

  @Override
  public boolean accept(int token) {
    if (call != null) {
      boolean fits = call.accept(token);
      if (fits && call.mustEnd()) {
        call = null;
      }
      return fits;
    }
    tail.append(decoder.next(token));
    if (tail.length() >= trigger.length()
        && tail.indexOf(trigger, tail.length() - trigger.length()) >= 0) {
      tail.setLength(0);
      call = Constraint.of(calls);
    } else {
      tail.delete(0, Math.max(0, tail.length() - trigger.length()));
    }
    return true;
  }

  @Override
  public boolean mustEnd() {
    return false;
  }
}
