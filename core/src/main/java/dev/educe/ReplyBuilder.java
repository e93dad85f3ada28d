package dev.educe;

import dev.educe.template.reply.ReplyPart;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Puts the parts of a reply together to a message.
final class ReplyBuilder {
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();
  private final List<ToolCall> calls = new ArrayList<>();
  private final StringBuilder arguments = new StringBuilder();
  private String id = "";
  private String name = "";

  void add(ReplyPart part) {
    switch (part) {
      case ReplyPart.Content content -> text.append(content.text());
      case ReplyPart.Reasoning thought -> reasoning.append(thought.text());
      case ReplyPart.CallBegin call -> {
        // Results refer to ids, and some templates need them.
        id = call.id().isEmpty() ? newId() : call.id();
        name = call.name();
        arguments.setLength(0);
      }
      case ReplyPart.CallArguments piece -> arguments.append(piece.json());
      case ReplyPart.CallEnd end -> {
        if (end.complete()) {
          calls.add(new ToolCall(id, name, arguments.isEmpty() ? "{}" : arguments.toString()));
        }
      }
    }
  }

  /// Nine letters and digits, as Mistral's templates demand.
  private static String newId() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 9);
  }

  Message.Assistant message() {
    return new Message.Assistant(text.toString(), reasoning.toString(), calls);
  }
}
