package dev.educe.sampling;

/// Changes the logits of a sequence's next token before the chain sees them: a library user's own
/// rule, or a grammar's mask.
///
/// Called once for each generated token, on the thread that runs the model: keep it short. It may
/// be called again for a position whose token was never handed over, so that what it says should
/// follow from the tokens alone. An exception ends its own request and no other.
@FunctionalInterface
public interface LogitsProcessor {
  /// @param logits valid for this call only
  void process(Logits logits);
}
