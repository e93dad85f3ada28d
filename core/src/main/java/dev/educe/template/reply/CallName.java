package dev.educe.template.reply;

import java.util.Optional;
import java.util.regex.Pattern;

/// The name of a call, taken from what stands where the name should.
///
/// Besides the name these stand there: `functions.` before it; a number behind it, as in the id
/// `functions.f:0`; the server of an MCP tool; an id behind `[CALL_ID]`; a channel and a content
/// type.
///
/// @param id of the call, or empty
/// @param name of the tool
record CallName(String id, String name) {
  /// How much can stand there.
  static final int HEADER_MAX = 256;

  private static final Pattern HEADER =
      Pattern.compile(
          """
          (?:[^<]{0,64}</server_name>\\s*+<tool_name>)?
          (?:functions\\.)?+(?<name>[\\p{L}\\p{N}_][\\p{L}\\p{N}_.\\-/]*+)(?<number>:\\d++)?+
          \\s*+(?:\\[CALL_ID\\](?<given>[\\w-]*+)
          |(?:<\\|channel\\|>\\w++\\s*+)?+(?:<\\|constrain\\|>)?+\\w*+)
          \\s*+\
          """,
          Pattern.COMMENTS);

  /// The name in `header`, if there is one.
  static Optional<CallName> of(String header) {
    var matcher = HEADER.matcher(header.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String name = matcher.group("name");
    String number = matcher.group("number");
    String given = matcher.group("given");
    String id = number == null ? "" : "functions." + name + number;
    return Optional.of(new CallName(given == null ? id : given, name));
  }
}
