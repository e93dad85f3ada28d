package dev.educe.server.anthropic;

import dev.educe.ChatRequest;
import dev.educe.server.generation.Reasoning;
import dev.educe.server.http.Fields;
import java.util.Set;

/// Whether a model thinks before it answers; without a word about it, it does not.
///
/// @param isShown whether it thinks; what it thinks nevertheless is left out
/// @param isOmitted whether it is only shown that it does
/// @param tokensMax after so many tokens it is made to answer
record Thinking(boolean isShown, boolean isOmitted, int tokensMax) {
  private static final Thinking OFF = new Thinking(false, false, 0);

  static Thinking read(Fields fields) {
    var given = fields.object("thinking");
    if (given.isEmpty()) {
      return OFF;
    }
    var thinking = given.get();
    String type = thinking.requireText("type");
    boolean isOmitted =
        thinking.word("display", Set.of("summarized", "omitted")).orElse("").equals("omitted");
    var read =
        switch (type) {
          case "disabled" -> OFF;
          case "adaptive" -> new Thinking(true, isOmitted, Integer.MAX_VALUE);
          case "enabled" -> {
            String name = "budget_tokens";
            long budget =
                Fields.integer(thinking.require(name), thinking.path(name), 1, Integer.MAX_VALUE);
            yield new Thinking(true, isOmitted, (int) budget);
          }
          default ->
              throw thinking.wrongWord("type", type, Set.of("enabled", "disabled", "adaptive"));
        };
    thinking.refuseRest();
    return read;
  }

  /// The same conversation with as much of it.
  ///
  /// @param effort empty for the model's own
  ChatRequest ask(ChatRequest chat, String effort) {
    return isShown
        ? Reasoning.effort(Reasoning.on(chat), effort).withReasoningTokensMax(tokensMax)
        : Reasoning.effort(chat, "none");
  }
}
