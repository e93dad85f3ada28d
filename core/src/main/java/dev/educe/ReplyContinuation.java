package dev.educe;

import dev.educe.template.reply.ReplyPart;
import dev.educe.template.reply.ReplyReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// A model's answer under way: what each next token made certain of content, reasoning and tool
/// calls, perhaps nothing.
///
/// One thread reads; any may cancel. An interrupt of the reading thread cancels, too.
public final class ReplyContinuation implements Iterator<List<ReplyPart>>, AutoCloseable {
  private final Continuation continuation;
  private final ReplyReader reader;
  private final ReplyBuilder answer = new ReplyBuilder();

  ReplyContinuation(Continuation continuation, ReplyReader reader) {
    this.continuation = continuation;
    this.reader = reader;
  }

  @Override
  public boolean hasNext() {
    return continuation.hasNext();
  }

  /// The next parts as soon as they are there.
  ///
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  @Override
  public List<ReplyPart> next() {
    var parts = new ArrayList<ReplyPart>();
    reader.accept(continuation.next(), parts::add);
    if (!continuation.hasNext()) {
      boolean cut = continuation.result().finish() != Generation.Finish.STOP;
      reader.finish(cut, parts::add);
    }
    parts.forEach(answer::add);
    return parts;
  }

  /// The tokens that were read so far, with their log probabilities if those were asked for. Its
  /// pieces are read here and not there.
  public Continuation continuation() {
    return continuation;
  }

  /// Ends the answer at the engine's next step; its last parts come at once. From any thread.
  public void cancel() {
    continuation.cancel();
  }

  /// The finished answer.
  ///
  /// @throws IllegalStateException if there are parts to be read still
  public Reply result() {
    return new Reply(answer.message(), continuation.result());
  }

  /// Cancels the answer unless it has ended.
  @Override
  public void close() {
    continuation.close();
  }
}
