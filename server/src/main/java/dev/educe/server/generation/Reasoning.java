package dev.educe.server.generation;

import dev.educe.ChatRequest;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// How much a model shall reason.
public final class Reasoning {
  /// The words for it.
  public static final Set<String> EFFORTS =
      Set.of("none", "minimal", "low", "medium", "high", "xhigh", "max");

  private Reasoning() {}

  /// The same conversation with an effort, in the words of the templates that know one; without any
  /// effort a model that reasons nevertheless is made to answer at once.
  ///
  /// @param effort empty for the model's own
  public static ChatRequest effort(ChatRequest chat, String effort) {
    if (effort.isEmpty()) {
      return chat;
    }
    var arguments = new HashMap<String, Object>(chat.templateArguments());
    if (!effort.equals("none")) {
      arguments.putIfAbsent("reasoning_effort", effort);
      return chat.withTemplateArguments(arguments);
    }
    Map.of("enable_thinking", false, "thinking", false).forEach(arguments::putIfAbsent);
    return chat.withTemplateArguments(arguments).withReasoningTokensMax(0);
  }

  /// The same conversation with reasoning asked for, of models that do so only then.
  public static ChatRequest on(ChatRequest chat) {
    var arguments = new HashMap<String, Object>(chat.templateArguments());
    arguments.put("enable_thinking", true);
    arguments.put("thinking", true);
    return chat.withTemplateArguments(arguments);
  }
}
