package dev.educe;

import dev.educe.sampling.Logits;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.template.reply.ReplyReader;
import dev.educe.tokenizer.Tokenizer;
import java.util.function.Supplier;

/// Makes a model end its reasoning after so many tokens, by what its family writes there.
///
/// Follows the tokens alone; one that is asked again about an earlier position begins anew.
final class ReasoningBudget implements LogitsProcessor {
  private static final int[] NOTHING = {};

  private final int tokensMax;
  private final int promptTokens;
  private final Supplier<ReplyReader> readers;
  private final Tokenizer tokenizer;
  private ReplyReader reader;
  private Tokenizer.Decoder decoder;
  private int read; // tokens of the sequence
  private int spent; // tokens of reasoning
  private int[] closing = NOTHING; // once the budget is spent
  private int closed; // tokens of the closing that were written

  ReasoningBudget(
      int tokensMax, int promptTokens, Supplier<ReplyReader> readers, Tokenizer tokenizer) {
    this.tokensMax = tokensMax;
    this.promptTokens = promptTokens;
    this.readers = readers;
    this.tokenizer = tokenizer;
    begin();
  }

  private void begin() {
    reader = readers.get();
    decoder = tokenizer.markupDecoder();
    read = promptTokens;
    spent = 0;
    closing = NOTHING;
    closed = 0;
  }

  @Override
  public void process(Logits logits) {
    if (logits.position() < read) {
      begin();
    }
    closeIfSpent();
    while (read < logits.position()) {
      take(logits.token(read++));
      closeIfSpent();
    }
    if (closed < closing.length) {
      var allowed = new long[Math.ceilDiv(logits.size(), Long.SIZE)];
      int token = closing[closed];
      allowed[token / Long.SIZE] = 1L << token;
      logits.allowOnly(allowed);
      logits.set(token, 0); // also where a bias forbids it
    }
  }

  private void take(int token) {
    if (closed < closing.length) {
      closed++;
    } else if (reader.insideReasoning()) {
      spent++;
    }
    reader.accept(decoder.next(token), _ -> {});
  }

  private void closeIfSpent() {
    if (closing == NOTHING && spent >= tokensMax && reader.insideReasoning()) {
      closing = tokenizer.encodePlain(reader.closing(), true);
    }
  }
}
