package dev.educe.grammar;

import java.util.ArrayList;
import java.util.List;

/// How a family of models writes calls of tools.
///
/// `before` `call` (`between` `call`)… `after`, where a call is `beforeName` name `beforeArguments`
/// arguments `afterArguments`. Names stand as they are; where they stand within JSON, the quotes
/// belong to the parts around them.
///
/// @param before what announces calls
/// @param beforeName the beginning of a call
/// @param between what stands between two calls
/// @param after the end of all calls
/// @param callsMax how many calls at most
/// @param options how arguments are written
public record ToolFormat(
    Part before,
    Part beforeName,
    Part beforeArguments,
    Part afterArguments,
    Part between,
    Part after,
    int callsMax,
    SchemaOptions options) {

  /// One call or several of these tools.
  ///
  /// @throws IllegalArgumentException if there is no tool, or `callsMax` is less than 1
  public Part calls(List<Tool> tools) {
    if (tools.isEmpty() || callsMax < 1) {
      throw new IllegalArgumentException("calls need at least one tool and callsMax of 1 or more");
    }
    var options = new ArrayList<Part>();
    for (Tool tool : tools) {
      options.add(
          Part.sequence(
              new Part.Text(tool.name()),
              beforeArguments,
              new Part.Json(tool.name(), tool.parameters(), this.options),
              afterArguments));
    }
    Part call = Part.sequence(beforeName, new Part.Choice(options));
    int more = callsMax == Part.UNBOUNDED ? callsMax : callsMax - 1;
    return Part.sequence(
        before, call, new Part.Repeat(Part.sequence(between, call), 0, more), after);
  }

  /// Free text, and perhaps calls of these tools after it.
  ///
  /// @param triggers texts with which calls begin, and which therefore begin calls; empty where
  ///   they begin with a token that is never text
  public Part textOrCalls(List<Tool> tools, List<String> triggers) {
    return Part.sequence(new Part.Free(triggers), Part.optional(calls(tools)));
  }
}
