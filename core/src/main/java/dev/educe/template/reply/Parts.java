package dev.educe.template.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Gathers characters into parts, and hands these over when asked.
final class Parts {
  private enum Kind {
    CONTENT,
    REASONING,
    ARGUMENTS
  }

  private final List<ReplyPart> ready = new ArrayList<>();
  private final StringBuilder run = new StringBuilder();
  private Kind kind = Kind.CONTENT;
  private int calls;

  void text(boolean reasoning, char c) {
    append(reasoning ? Kind.REASONING : Kind.CONTENT, c);
  }

  void begin(String id, String name) {
    endRun();
    ready.add(new ReplyPart.CallBegin(calls++, id, name));
  }

  /// A character of the arguments of the call that began last.
  void argument(char c) {
    append(Kind.ARGUMENTS, c);
  }

  /// The call that began last ends.
  void end(boolean complete) {
    endRun();
    ready.add(new ReplyPart.CallEnd(calls - 1, complete));
  }

  /// How many calls have begun.
  int calls() {
    return calls;
  }

  /// Hands over all but half a character, whose other half is still to come.
  void drain(Consumer<ReplyPart> sink) {
    int last = run.length() - 1;
    boolean half = last >= 0 && Character.isHighSurrogate(run.charAt(last));
    String rest = half ? run.substring(last) : "";
    run.setLength(half ? last : last + 1);
    endRun();
    run.append(rest);
    ready.forEach(sink);
    ready.clear();
  }

  /// Hands over all.
  void drainAll(Consumer<ReplyPart> sink) {
    endRun();
    drain(sink);
  }

  private void append(Kind next, char c) {
    if (next != kind) {
      endRun();
      kind = next;
    }
    run.append(c);
  }

  private void endRun() {
    if (run.isEmpty()) {
      return;
    }
    String text = run.toString();
    run.setLength(0);
    ready.add(
        switch (kind) {
          case CONTENT -> new ReplyPart.Content(text);
          case REASONING -> new ReplyPart.Reasoning(text);
          case ARGUMENTS -> new ReplyPart.CallArguments(calls - 1, text);
        });
  }
}
