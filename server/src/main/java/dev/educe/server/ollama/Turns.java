package dev.educe.server.ollama;

import dev.educe.Message;
import dev.educe.ToolCall;
import dev.educe.server.http.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The messages of `/api/chat`.
///
/// Calls have no ids, or none that is sent back: here each gets one of nine characters, as the
/// templates of some families demand, and a result belongs to the first call that has none yet.
final class Turns {
  private static final int COUNT_MAX = 100_000;
  private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");

  private final List<ToolCall> open = new ArrayList<>(); // calls without a result
  private int calls;

  private Turns() {}

  /// Empty if none are given.
  static List<Message> read(Fields fields) {
    var turns = new Turns();
    return fields.objects("messages", COUNT_MAX).stream().map(turns::message).toList();
  }

  private Message message(Fields fields) {
    String role = fields.requireText("role");
    String text = fields.text("content").orElse("");
    var message =
        switch (role) {
          case "system" -> Message.system(text);
          case "user" -> Message.user(text);
          case "assistant" ->
              new Message.Assistant(text, fields.text("thinking").orElse(""), calls(fields));
          case "tool" -> result(fields, text);
          default -> throw fields.wrongWord("role", role, ROLES);
        };
    fields.refuse("images", "[]");
    fields.refuseRest();
    return message;
  }

  private List<ToolCall> calls(Fields fields) {
    var made = new ArrayList<ToolCall>();
    for (Fields call : fields.objects("tool_calls", COUNT_MAX)) {
      call.ignore("id", "type");
      var function = Fields.of(call.require("function"), call.path("function"));
      function.ignore("index");
      function.object("arguments");
      String arguments = function.value("arguments").map(Object::toString).orElse("{}");
      made.add(new ToolCall("%09d".formatted(++calls), function.requireText("name"), arguments));
      function.refuseRest();
      call.refuseRest();
    }
    open.addAll(made);
    return made;
  }

  private Message result(Fields fields, String text) {
    fields.ignore("tool_call_id");
    String name = fields.text("tool_name").or(() -> fields.text("name")).orElse("");
    var call = open.stream().filter(made -> name.isEmpty() || made.name().equals(name)).findFirst();
    call.ifPresent(open::remove);
    return call.map(made -> Message.result(made, text))
        .orElseGet(() -> new Message.ToolResult("", name, text));
  }
}
