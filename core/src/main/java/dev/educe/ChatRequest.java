package dev.educe;

import dev.educe.grammar.Part;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A conversation that a model is to go on with. Immutable; `withX` copies.
///
/// @param messages from the first to the one to be answered; a last one of the assistant's, with
///   text alone, is the beginning of the answer, and the model goes on with it
/// @param tools that the model may ask to have called
/// @param toolChoice whether it may, must or must not
/// @param answerForm what an answer that is no call of a tool must look like; reasoning comes
///   before it as the model likes
/// @param templateArguments further variables of the template, such as `enable_thinking`
/// @param reasoningTokensMax after so many tokens of reasoning the model is made to answer; what
///   the answer must fit, as a grammar or a required call, holds from there on
/// @param generation how many tokens at most, how they are chosen, stop texts, tenant, priority and
///   deadline; its prompt does not count
public record ChatRequest(
    List<Message> messages,
    List<Tool> tools,
    ToolChoice toolChoice,
    Optional<Part> answerForm,
    Map<String, ?> templateArguments,
    int reasoningTokensMax,
    Request generation) {
  /// @throws IllegalArgumentException if there are no messages, two tools have one name, a tool is
  ///   to be called that there is not, or the number is negative
  public ChatRequest {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    templateArguments = Map.copyOf(templateArguments);
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("there are no messages; give at least one");
    }
    if (reasoningTokensMax < 0) {
      throw new IllegalArgumentException(
          "reasoningTokensMax must not be negative, got " + reasoningTokensMax);
    }
    var names = new HashSet<String>();
    for (var tool : tools) {
      if (!names.add(tool.name())) {
        throw new IllegalArgumentException("two tools are called " + tool.name());
      }
    }
    if (toolChoice instanceof ToolChoice.Named named && !names.contains(named.tool())) {
      throw new IllegalArgumentException(
          "there is no tool %s to be called".formatted(named.tool()));
    }
    if (toolChoice instanceof ToolChoice.Required && tools.isEmpty()) {
      throw new IllegalArgumentException("a tool is to be called, but there are none");
    }
  }

  /// The beginning of the answer, if there is one.
  ///
  /// @throws IllegalArgumentException if an answer that is begun must fit a form or be a call
  Optional<String> answerBegin() {
    boolean isBegun =
        messages.size() > 1
            && messages.getLast()
                instanceof Message.Assistant(String text, String thoughts, var made)
            && !text.isEmpty()
            && thoughts.isEmpty()
            && made.isEmpty();
    if (!isBegun) {
      return Optional.empty();
    }
    if (answerForm.isPresent() || !callable().isEmpty()) {
      throw new IllegalArgumentException(
          "an answer that is begun can neither be held to a form nor be a call; end with a message"
              + " of the user's");
    }
    return Optional.of(((Message.Assistant) messages.getLast()).text());
  }

  /// Answer this conversation, with as many tokens as the context has room for, sampled by default
  /// and with a fresh seed.
  public static ChatRequest of(List<Message> messages) {
    return new ChatRequest(
        messages,
        List.of(),
        ToolChoice.AUTO,
        Optional.empty(),
        Map.of(),
        Integer.MAX_VALUE,
        Request.of("").withTokensMax(Integer.MAX_VALUE));
  }

  /// Answer this question.
  public static ChatRequest of(String question) {
    return of(List.of(Message.user(question)));
  }

  public ChatRequest withMessages(List<Message> messages) {
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  public ChatRequest withTools(Tool... tools) {
    return withTools(List.of(tools));
  }

  public ChatRequest withTools(List<Tool> tools) {
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  public ChatRequest withToolChoice(ToolChoice toolChoice) {
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  /// Lets the model answer in this form alone, unless it calls a tool.
  public ChatRequest withAnswerForm(Part form) {
    var answerForm = Optional.of(form);
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  public ChatRequest withTemplateArguments(Map<String, ?> templateArguments) {
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  public ChatRequest withReasoningTokensMax(int reasoningTokensMax) {
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  public ChatRequest withGeneration(Request generation) {
    return new ChatRequest(
        messages, tools, toolChoice, answerForm, templateArguments, reasoningTokensMax, generation);
  }

  /// The tools that the model is told of.
  List<Tool> offered() {
    return toolChoice instanceof ToolChoice.None ? List.of() : tools;
  }

  /// The tools of which one must be called; none if nothing must.
  List<Tool> callable() {
    return switch (toolChoice) {
      case ToolChoice.Auto _, ToolChoice.None _ -> List.of();
      case ToolChoice.Required _ -> tools;
      case ToolChoice.Named named ->
          tools.stream().filter(tool -> tool.name().equals(named.tool())).toList();
    };
  }
}
