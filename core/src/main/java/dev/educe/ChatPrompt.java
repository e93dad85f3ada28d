package dev.educe;

import dev.educe.grammar.TokenGrammar;
import dev.educe.template.reply.ReasoningSyntax;
import dev.educe.template.reply.ReplyFormat;
import dev.educe.template.reply.ReplyReader;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// A conversation in tokens, and how to read what the model goes on with.
///
/// @param tokens of the prompt; not to be changed
/// @param readers makes a reader for each answer
/// @param requests makes what is asked of the model, for each answer
public record ChatPrompt(int[] tokens, Supplier<ReplyReader> readers, Supplier<Request> requests) {
  static ChatPrompt of(ChatRequest request, ChatTemplate template, Model model) {
    var tokenizer = model.tokenizer();
    var tools = request.offered();
    var begin = request.answerBegin();
    var messages = request.messages();
    var answered = messages.subList(0, messages.size() - (begin.isPresent() ? 1 : 0));
    var rendering =
        template.render(
            answered, tools, request.templateArguments(), tokenizer, LocalDateTime.now());
    var content = new BitSet();
    for (var span : rendering.spans()) {
      content.set(span.start(), span.end(), span.isContent());
    }
    String text = rendering.text() + begin.orElse("");
    content.set(rendering.text().length(), text.length());
    int[] tokens = tokenizer.encodeTurns(text, content);
    if (tokens.length == 0) {
      throw new IllegalArgumentException("the template writes nothing for this conversation");
    }
    var format = template.format(!tools.isEmpty());
    var offered = tools.stream().map(Tool::offered).toList();
    Supplier<ReplyReader> readers = () -> format.reader(offered, rendering.text());
    var stop = new ArrayList<>(request.generation().stop());
    stop.addAll(template.stop());
    var free = request.generation().withStop(stop);
    var begun = begun(format, readers.get().closing());
    if (begin.isPresent() && begun.isPresent()) {
      throw new IllegalArgumentException(
          "this model reasons before it answers, so no answer can be begun for it; ask it not to"
              + " reason, or end with a message of the user's");
    }
    var generation =
        AnswerGrammar.of(request, format, begun.isPresent(), tokenizer)
            .map(form -> withAnswer(free, tools, model.grammars().of(form)))
            .orElseGet(() -> withStrictCalls(free, tools, format, model));
    int reasoningMax = request.reasoningTokensMax();
    Supplier<Request> requests = () -> generation;
    if (generation.constraint().isPresent() && begun.isPresent()) {
      var answers = generation.constraint().get();
      requests =
          () ->
              generation.withConstraint(
                  () -> new AfterReasoning(begun.get(), reasoningMax, answers.get(), model));
    } else if (reasoningMax != Integer.MAX_VALUE) {
      requests =
          () -> {
            var processors = new ArrayList<>(generation.processors());
            // The last word, after all others.
            processors.add(new ReasoningBudget(reasoningMax, tokens.length, readers, tokenizer));
            return generation.withProcessors(processors);
          };
    }
    return new ChatPrompt(tokens, readers, requests);
  }

  /// The reasoning that a reply begins in, if it does.
  ///
  /// @param closing what would end it there
  private static Optional<ReasoningSyntax> begun(ReplyFormat format, String closing) {
    return format.reasoning().stream()
        .filter(syntax -> syntax.closing().equals(closing))
        .findFirst();
  }

  private static Request withAnswer(Request request, List<Tool> tools, TokenGrammar answer) {
    return tools.isEmpty() || request.ignoreEnd()
        ? request.withGrammar(answer)
        : request.withConstraint(() -> new WantedCalls(answer));
  }

  private static Request withStrictCalls(
      Request request, List<Tool> tools, ReplyFormat format, Model model) {
    var trigger = CallGrammar.trigger(format, tools);
    if (trigger.isEmpty() || request.constraint().isPresent()) {
      return request;
    }
    var tokenizer = model.tokenizer();
    var calls = model.grammars().of(CallGrammar.afterTrigger(format, tools, tokenizer));
    return request.withConstraint(() -> new StrictCalls(trigger.get(), calls, tokenizer));
  }
}
