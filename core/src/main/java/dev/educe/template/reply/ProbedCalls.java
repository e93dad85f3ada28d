package dev.educe.template.reply;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/// Finds out how a template writes tool calls, from what it renders with and without one.
final class ProbedCalls {
  private static final String NAME = "probe_name";

  private static final Pattern ARGUMENTS =
      Pattern.compile(
          "\\{\\s*\"%s\"\\s*:\\s*\"%s\"\\s*\\}"
              .formatted(ReplyFormat.PROBE_PARAMETER, ReplyFormat.PROBE_VALUE));

  /// What stands before the name in a JSON object, with members of other names before it.
  private static final Pattern OBJECT_BEFORE_NAME =
      Pattern.compile(
          "(?s)(.*?\\[?)\\s*\\{\\s*(?:\"\\w+\"\\s*:\\s*\"[^\"]*\"\\s*,\\s*)*\"(\\w+)\"\\s*:\\s*\"");

  private static final Pattern OBJECT_AFTER_NAME =
      Pattern.compile("(?s)\".*\"(\\w+)\"\\s*:\\s*\"?");

  private static final Pattern OBJECT_END = Pattern.compile("(?s)[^}]*\\}(.*)");

  private ProbedCalls() {}

  /// @param render what the template renders where the assistant calls the tools of these names
  static Optional<CallSyntax> find(Function<List<String>, String> render) {
    String without = render.apply(List.of());
    String with = render.apply(List.of(NAME));
    String call = difference(without, with);
    int name = call.indexOf(NAME);
    var arguments = ARGUMENTS.matcher(call);
    if (name < 0 || !arguments.find(name)) {
      return Optional.empty();
    }
    return syntax(
        call.substring(0, name),
        call.substring(name + NAME.length(), arguments.start()),
        call.substring(arguments.end()));
  }

  private static Optional<CallSyntax> syntax(String before, String between, String after) {
    var object = OBJECT_BEFORE_NAME.matcher(before);
    var argumentsKey = OBJECT_AFTER_NAME.matcher(between);
    var end = OBJECT_END.matcher(after);
    if (object.matches() && argumentsKey.matches() && end.matches()) {
      String open = object.group(1);
      String close = end.group(1);
      boolean inList = open.endsWith("[") && close.strip().startsWith("]");
      var form = new CallForm.InObject(object.group(2), argumentsKey.group(1));
      return Optional.of(
          new CallSyntax(open, inList ? Optional.of(", ") : Optional.empty(), close, form));
    }
    if (before.isBlank() || between.isEmpty()) {
      return Optional.empty();
    }
    var form = new CallForm.Named("", between, new ArgumentSyntax.Json(), "");
    return Optional.of(new CallSyntax(before.stripLeading(), after.stripTrailing(), form));
  }

  /// What `with` has and `without` has not, with the whole of the markers at both ends.
  private static String difference(String without, String with) {
    int start = 0;
    int shorter = Math.min(without.length(), with.length());
    while (start < shorter && without.charAt(start) == with.charAt(start)) {
      start++;
    }
    while (start > 0 && !endsMarker(with.charAt(start - 1))) {
      start--;
    }
    int same = 0;
    while (same < shorter - start
        && without.charAt(without.length() - 1 - same) == with.charAt(with.length() - 1 - same)) {
      same++;
    }
    int end = with.length() - same;
    while (end < with.length() && end > 0 && !endsMarker(with.charAt(end - 1))) {
      end++;
    }
    return with.substring(start, end);
  }

  private static boolean endsMarker(char c) {
    return Character.isWhitespace(c) || c == '>' || c == ']' || c == '}';
  }
}
