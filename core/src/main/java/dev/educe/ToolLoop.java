package dev.educe;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Lets a model call tools until it answers.
final class ToolLoop {
  private ToolLoop() {}

  /// @param chat answers a conversation, once for each round
  /// @return the messages that were added, the model's and the tools'; the last is the answer, or
  ///   asks for calls of which there were too many
  static List<Message> run(ChatRequest request, int roundsMax, Function<ChatRequest, Reply> chat) {
    var tools = request.tools().stream().collect(Collectors.toMap(Tool::name, Function.identity()));
    for (var tool : tools.values()) {
      if (tool.body().isEmpty()) {
        throw new IllegalArgumentException(
            "the tool %s has no body to be called; make it of a lambda, or call it yourself"
                .formatted(tool.name()));
      }
    }
    var conversation = new ArrayList<>(request.messages());
    int begin = conversation.size();
    for (int round = 0; ; round++) {
      // A call that is required is so once; then the model may answer.
      boolean isFree = round > 0 && !request.callable().isEmpty();
      var next = isFree ? request.withToolChoice(ToolChoice.AUTO) : request;
      var reply = chat.apply(next.withMessages(conversation));
      conversation.add(reply.message());
      if (reply.calls().isEmpty() || round == roundsMax) {
        return List.copyOf(conversation.subList(begin, conversation.size()));
      }
      for (var call : reply.calls()) {
        conversation.add(Message.result(call, call(tools.get(call.name()), call)));
      }
    }
  }

  /// What a tool says; that a call makes no sense is told to the model, which may mend it.
  private static String call(Tool tool, ToolCall call) {
    if (tool == null) {
      return "error: there is no tool " + call.name();
    }
    try {
      return tool.body().orElseThrow().apply(call.arguments());
    } catch (IllegalArgumentException wrong) {
      return "error: " + wrong.getMessage();
    }
  }
}
