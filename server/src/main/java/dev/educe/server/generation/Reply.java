package dev.educe.server.generation;

import dev.educe.server.generation.ReplyEvent.Reason;
import dev.educe.server.model.Happening;
import dev.educe.server.model.Happening.Piece;
import dev.educe.template.reply.ReplyPart;
import dev.educe.template.reply.ReplyReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/// One answer while it is written.
final class Reply {
  private final int choice;
  private final ReplyReader reader;
  private final boolean hasOneCall;
  private final ArrayDeque<Piece> unsaid = new ArrayDeque<>(); // tokens whose text may come yet
  private int reasoningTokens;
  private boolean hasCalls;
  private boolean isComplete;

  /// @param hasOneCall whether it ends with its first call
  Reply(int choice, ReplyReader reader, boolean hasOneCall) {
    this.choice = choice;
    this.reader = reader;
    this.hasOneCall = hasOneCall;
  }

  /// Whether nothing that the model may add is wanted.
  boolean isComplete() {
    return isComplete;
  }

  void piece(Piece piece, Consumer<ReplyEvent> sink) {
    if (reader.insideReasoning()) {
      reasoningTokens++;
    }
    if (piece.logprobs().isPresent()) {
      unsaid.add(piece);
    }
    var parts = new ArrayList<ReplyPart>();
    reader.accept(piece.text(), parts::add);
    hand(parts, sink);
  }

  void end(Happening.End end, Consumer<ReplyEvent> sink) {
    var parts = new ArrayList<ReplyPart>();
    reader.accept(end.text(), parts::add);
    reader.finish(end.finish() != Happening.Finish.STOP, parts::add);
    hand(parts, sink);
    boolean isCut = end.finish() == Happening.Finish.LENGTH;
    Reason reason = isCut ? Reason.LENGTH : hasCalls ? Reason.CALLS : Reason.STOP;
    sink.accept(new ReplyEvent.End(choice, reason, end.stop(), end.usage(), reasoningTokens));
  }

  private void hand(List<ReplyPart> parts, Consumer<ReplyEvent> sink) {
    var text = new StringBuilder();
    for (ReplyPart part : parts) {
      if (isComplete) {
        return;
      }
      if (part instanceof ReplyPart.Content content) {
        text.append(content.text());
        continue;
      }
      say(text, sink);
      unsaid.clear();
      switch (part) {
        case ReplyPart.Content _ -> throw new AssertionError("handled above");
        case ReplyPart.Reasoning thought ->
            sink.accept(new ReplyEvent.Reasoning(choice, thought.text()));
        case ReplyPart.CallBegin call -> {
          String id = call.id().isEmpty() ? newId() : call.id();
          sink.accept(new ReplyEvent.CallBegin(choice, call.index(), id, call.name()));
        }
        case ReplyPart.CallArguments piece ->
            sink.accept(new ReplyEvent.CallArguments(choice, piece.index(), piece.json()));
        case ReplyPart.CallEnd end -> {
          hasCalls |= end.complete();
          isComplete = hasOneCall && end.complete();
          sink.accept(new ReplyEvent.CallEnd(choice, end.index(), end.complete()));
        }
      }
    }
    say(text, sink);
  }

  /// Hands text over with its tokens: the last ones that together are as long.
  private void say(StringBuilder text, Consumer<ReplyEvent> sink) {
    if (text.isEmpty()) {
      return;
    }
    int chars = 0;
    for (var latest = unsaid.descendingIterator(); latest.hasNext(); ) {
      var piece = latest.next();
      if (chars >= text.length()) {
        latest.remove();
      }
      chars += piece.text().length();
    }
    sink.accept(new ReplyEvent.Text(choice, text.toString(), List.copyOf(unsaid)));
    unsaid.clear();
    text.setLength(0);
  }

  /// Nine letters and digits, as the templates of some families demand.
  private static String newId() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 9);
  }
}
