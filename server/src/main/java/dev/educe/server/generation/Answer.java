package dev.educe.server.generation;

import dev.educe.ToolCall;
import dev.educe.server.model.Happening.Piece;
import java.util.ArrayList;
import java.util.List;

/// An answer put together of what became of it.
public final class Answer {
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder arguments = new StringBuilder();
  private final List<Piece> tokens = new ArrayList<>();
  private final List<ToolCall> calls = new ArrayList<>();
  private ReplyEvent.CallBegin call; // the one that is being written
  private ReplyEvent.End end; // once it has come

  /// Adds what has happened.
  public void take(ReplyEvent event) {
    switch (event) {
      case ReplyEvent.Reasoning thought -> reasoning.append(thought.text());
      case ReplyEvent.Text piece -> {
        text.append(piece.text());
        tokens.addAll(piece.tokens());
      }
      case ReplyEvent.CallBegin begin -> {
        call = begin;
        arguments.setLength(0);
      }
      case ReplyEvent.CallArguments piece -> arguments.append(piece.json());
      case ReplyEvent.CallEnd callEnd -> {
        if (callEnd.isWhole()) {
          String json = arguments.isEmpty() ? "{}" : arguments.toString();
          calls.add(new ToolCall(call.id(), call.name(), json));
        }
      }
      case ReplyEvent.End last -> end = last;
    }
  }

  /// For the reader; may be empty.
  public String text() {
    return text.toString();
  }

  /// What came before it; empty if nothing did.
  public String reasoning() {
    return reasoning.toString();
  }

  /// The tokens of the text, if their probabilities were asked for.
  public List<Piece> tokens() {
    return tokens;
  }

  /// The calls that are whole; those that were cut off must not be run, or be sent back.
  public List<ToolCall> calls() {
    return calls;
  }

  /// How it ended.
  public ReplyEvent.End end() {
    return end;
  }
}
