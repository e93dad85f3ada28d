package dev.educe;

import dev.educe.grammar.Part;
import dev.educe.template.reply.ReplyFormat;
import dev.educe.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;

/// What a model may write that must call a tool, or answer in a form.
final class AnswerGrammar {
  // What models write between their reasoning and an answer.
  private static final Part SPACE = new Part.Pattern("[ \\n]{0,4}");

  private AnswerGrammar() {}

  /// @param reasons whether the prompt begins reasoning; then this is what may follow it
  /// @return empty if it may write what it likes
  /// @throws IllegalArgumentException if calls were to be enforced of a family that writes their
  ///   arguments otherwise than as JSON
  static Optional<Part> of(
      ChatRequest request, ReplyFormat format, boolean reasons, Tokenizer tokenizer) {
    if (!request.callable().isEmpty()) {
      boolean isOne = request.toolChoice() instanceof ToolChoice.Named;
      return Optional.of(CallGrammar.of(format, request.callable(), isOne, tokenizer));
    }
    return request
        .answerForm()
        .map(form -> {
          var tools = request.offered();
          var answer =
              tools.isEmpty()
                  ? form
                  : Part.choice(form, CallGrammar.of(format, tools, false, tokenizer));
          return reasons ? answer : Part.sequence(reasoning(format, tokenizer), answer);
        });
  }

  /// Reasoning that the model may begin.
  private static Part reasoning(ReplyFormat format, Tokenizer tokenizer) {
    var kinds =
        format.reasoning().stream()
            .map(syntax ->
                Part.sequence(
                    CallGrammar.text(syntax.open().strip(), tokenizer),
                    rest(syntax.closing(), tokenizer)))
            .toList();
    return kinds.isEmpty() ? Part.sequence() : Part.optional(new Part.Choice(kinds));
  }

  private static Part rest(String closing, Tokenizer tokenizer) {
    String end = closing.strip();
    return Part.sequence(new Part.Free(List.of(end)), CallGrammar.text(end, tokenizer), SPACE);
  }
}
