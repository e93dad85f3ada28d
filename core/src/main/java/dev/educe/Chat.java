package dev.educe;

import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.template.reply.ReplyPart;
import java.util.List;
import java.util.function.Consumer;

/// Conversations with a model. Immutable; any number of threads may use it until the model is
/// closed.
///
/// ```java
/// var messages = List.of(Message.system("Be brief."), Message.user("Why is the sky blue?"));
/// System.out.println(model.chat().reply(ChatRequest.of(messages)).text());
/// ```
public final class Chat {
  private final Model model;
  private final ChatTemplate template;

  Chat(Model model, ChatTemplate template) {
    this.model = model;
    this.template = template;
  }

  /// Answers a conversation.
  ///
  /// @throws dev.educe.template.TemplateException if the template refuses the conversation
  /// @throws IllegalArgumentException if a template argument has a reserved name, or a tool call is
  ///   required that cannot be enforced
  /// @throws dev.educe.engine.RefusedException if it can never run, too many wait already, or the
  ///   model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  public Reply reply(ChatRequest request) {
    return reply(request, _ -> {});
  }

  /// Answers a conversation; hands each part over as soon as it is certain, on this thread.
  ///
  /// An interrupt, or an exception of the consumer, ends it. Throws as [#reply(ChatRequest)] does.
  public Reply reply(ChatRequest request, Consumer<ReplyPart> parts) {
    try (var reply = start(request)) {
      while (reply.hasNext()) {
        reply.next().forEach(parts);
      }
      return reply.result();
    }
  }

  /// Answers a conversation with a record: the model can write nothing but its JSON, after its
  /// reasoning where the template begins one.
  ///
  /// The components may be of the types that [Tool] allows. A [Description] helps people and not
  /// the model, which should be told in a message what to write.
  ///
  /// @throws IllegalArgumentException if a component has no schema, if there was no room for all of
  ///   the JSON, and as [#reply(ChatRequest)] does
  public <T extends Record> T answer(ChatRequest request, Class<T> type) {
    var options = SchemaOptions.defaults().closed();
    var form = new Part.Json("", RecordSchema.of(type), options);
    var constrained = request.withToolChoice(ToolChoice.NONE).withAnswerForm(form);
    return RecordSchema.read(reply(constrained).text(), type);
  }

  /// Starts an answer and returns at once; any thread may cancel it. Throws as
  /// [#reply(ChatRequest)] does.
  public ReplyContinuation start(ChatRequest request) {
    return start(request, 1).getFirst();
  }

  /// Starts several answers and returns at once, see [Model#start(Request, int)]. Throws as
  /// [#reply(ChatRequest)] does, and if `count` is not positive.
  public List<ReplyContinuation> start(ChatRequest request, int count) {
    var prompt = prompt(request);
    return model
        .start(
            _ -> prompt.requests().get(),
            prompt.tokens(),
            () -> model.tokenizer().markupDecoder(prompt.tokens()),
            count)
        .stream()
        .map(continuation -> new ReplyContinuation(continuation, prompt.readers().get()))
        .toList();
  }

  /// Writes a conversation in tokens, for those who start its answers by [Model#start(int[],
  /// Request, int, Tokenizer.Decoder, dev.educe.engine.Listener)].
  ///
  /// @throws dev.educe.template.TemplateException if the template refuses the conversation
  /// @throws dev.educe.grammar.GrammarException if a form or the schema of a tool cannot be
  ///   enforced
  /// @throws IllegalArgumentException if a template argument has a reserved name, or a tool call is
  ///   required that cannot be enforced
  public ChatPrompt prompt(ChatRequest request) {
    return ChatPrompt.of(request, template, model);
  }

  /// Answers a conversation, and calls the request's tools on this thread as the model asks for
  /// them. What a tool throws ends it all, but for an [IllegalArgumentException], which the model
  /// is told.
  ///
  /// @param roundsMax after how many rounds of calls the model must have answered
  /// @param parts takes the parts of all of the model's messages
  /// @return the messages that were added, the model's and the tools', the last of which is the
  ///   answer; if it asks for calls still, the rounds were too few
  /// @throws IllegalArgumentException if a tool has no body, and as [#reply(ChatRequest)] does
  public List<Message> callTools(ChatRequest request, int roundsMax, Consumer<ReplyPart> parts) {
    return ToolLoop.run(request, roundsMax, round -> reply(round, parts));
  }
}
