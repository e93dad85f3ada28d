package dev.educe.cli;

import dev.educe.template.reply.ReplyPart;

/// Shows an answer while it is written.
///
/// Markdown stays as the model writes it, which reads well and never has to be redrawn. Reasoning
/// is dimmed on a terminal and left out elsewhere.
final class ReplyView {
  private static final String DIM = "\033[2m";
  private static final String PLAIN = "\033[0m";

  private final Console console;
  private boolean isReasoning;

  ReplyView(Console console) {
    this.console = console;
  }

  void show(ReplyPart part) {
    switch (part) {
      case ReplyPart.Reasoning reasoning -> {
        if (console.isOutputTerminal()) {
          beginReasoning();
          console.printForeign(reasoning.text());
        }
      }
      case ReplyPart.Content content -> {
        endReasoning();
        console.printForeign(content.text());
      }
      // No tools are offered here, so none are asked for.
      case ReplyPart.CallBegin _, ReplyPart.CallArguments _, ReplyPart.CallEnd _ -> {}
    }
  }

  private void beginReasoning() {
    if (!isReasoning) {
      isReasoning = true;
      console.print(console.isOutputColoured() ? DIM : "(reasoning) ");
    }
  }

  private void endReasoning() {
    if (isReasoning) {
      isReasoning = false;
      console.print((console.isOutputColoured() ? PLAIN : "") + "\n\n");
    }
  }

  /// Ends the answer with its line.
  void end() {
    endReasoning();
    console.print("\n");
  }
}
