package dev.educe;

import dev.educe.sampling.LogitsProcessor;
import dev.educe.template.reply.ReplyPart;
import dev.educe.template.reply.ReplyReader;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;

/// A model's answer under way: what each next token made certain of content, reasoning and tool
/// calls, perhaps nothing.
///
/// One thread reads; any may cancel. An interrupt of the reading thread cancels, too.
public final class ReplyContinuation implements Iterator<List<ReplyPart>>, AutoCloseable {
  private final Continuation continuation;
  private final ReplyReader reader;
  private final ReplyBuilder answer = new ReplyBuilder();

  ReplyContinuation(Model model, ChatRequest request) {
    if (request.toolChoice() instanceof ToolChoice.Required
        || request.toolChoice() instanceof ToolChoice.Named) {
      throw new IllegalArgumentException("a tool call cannot be enforced yet; choose AUTO or NONE");
    }
    var tools = request.offered();
    var template = request.template().orElseGet(model::requireChatTemplate);
    var tokenizer = model.tokenizer();
    var rendering =
        template.render(
            request.messages(), tools, request.templateArguments(), tokenizer, LocalDateTime.now());
    var content = new BitSet();
    for (var span : rendering.spans()) {
      content.set(span.start(), span.end(), span.isContent());
    }
    int[] prompt = tokenizer.encodeTurns(rendering.text(), content);
    var format = template.format(!tools.isEmpty());
    var offered = tools.stream().map(Tool::offered).toList();
    Supplier<ReplyReader> readers = () -> format.reader(offered, rendering.text());
    this.reader = readers.get();
    var stop = new ArrayList<>(request.generation().stop());
    stop.addAll(template.stop());
    List<LogitsProcessor> budget =
        request.reasoningTokensMax() == Integer.MAX_VALUE
            ? List.of()
            : List.of(
                new ReasoningBudget(
                    request.reasoningTokensMax(), prompt.length, readers, tokenizer));
    this.continuation =
        new Continuation(
            model,
            request.generation().withStop(stop),
            prompt,
            tokenizer.markupDecoder(prompt),
            budget);
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
