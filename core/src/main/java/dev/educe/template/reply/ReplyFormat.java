package dev.educe.template.reply;

import java.util.List;
import java.util.function.Function;

/// How a family of models writes its replies.
///
/// A description of plain data: a [ReplyReader] reads by it, and a grammar can be made of it that
/// forces calls to be written so.
///
/// @param name of the family, for messages
/// @param reasoning how reasoning may be written; empty if there is none
/// @param calls how tool calls may be written, the family's own way first; empty if it has none
/// @param ignored further markers, which are never shown
public record ReplyFormat(
    String name, List<ReasoningSyntax> reasoning, List<CallSyntax> calls, List<String> ignored) {
  /// The one parameter of the tools of a probe, which is a text.
  public static final String PROBE_PARAMETER = "probe_parameter";

  /// The value of that parameter.
  public static final String PROBE_VALUE = "probe_value";

  public ReplyFormat {
    reasoning = List.copyOf(reasoning);
    calls = List.copyOf(calls);
    ignored = List.copyOf(ignored);
  }

  /// The format of the models that a chat template is made for, by the markers it uses.
  ///
  /// A template without known markers gets one in which calls are JSON, between `<tool_call>` and
  /// `</tool_call>` or alone.
  ///
  /// @param template its source
  public static ReplyFormat detect(String template) {
    return ReplyFormats.detect(template);
  }

  /// The format of the models that a chat template is made for; one without known markers is asked
  /// to render calls, and what stands around name and arguments is how they are written.
  ///
  /// @param template its source
  /// @param probe what it renders for a short conversation that ends with a message of the
  ///   assistant without content, which calls the tools of these names, or none; each with the
  ///   arguments [#PROBE_PARAMETER] and [#PROBE_VALUE]
  public static ReplyFormat detect(String template, Function<List<String>, String> probe) {
    var known = detect(template);
    if (!known.name().equals(ReplyFormats.UNKNOWN)) {
      return known;
    }
    return ProbedCalls.find(probe)
        .map(calls -> new ReplyFormat("probed", known.reasoning(), List.of(calls), List.of()))
        .orElse(known);
  }

  /// A reader for one reply.
  ///
  /// @param offered the tools that may be called; if empty, no calls are looked for
  /// @param prompt that the reply continues, or its end; where that begins reasoning or a call, the
  ///   reply starts inside
  public ReplyReader reader(List<OfferedTool> offered, String prompt) {
    return new ReplyReader(this, offered, prompt, ReplyReader.HELD_MAX);
  }
}
