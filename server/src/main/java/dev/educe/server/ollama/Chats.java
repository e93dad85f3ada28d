package dev.educe.server.ollama;

import dev.educe.ChatRequest;
import dev.educe.Tool;
import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.Functions;
import dev.educe.server.generation.Service;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// `POST /api/chat`: answers a conversation.
final class Chats {
  private static final int TOOLS_MAX = 1_024;

  private final Service service;

  Chats(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String name = Common.model(fields, service.catalogue());
    long begin = System.nanoTime();
    try (var lease = service.catalogue().lease(name)) {
      exchange.concerns(lease.name());
      exchange.watchClient();
      var messages = Turns.read(fields);
      boolean isStreamed = fields.flag("stream").orElse(true);
      var tools = tools(fields);
      var form = Common.form(fields);
      var generation =
          Options.read(fields, lease.model(), exchange.caller().tenant(), service.deadline());
      var keep = Common.keepAlive(fields);
      var answer = new Lines(exchange, lease.name(), System.nanoTime() - begin, Lines.Shape.CHAT);
      if (messages.isEmpty()) {
        fields.ignore("think");
        Common.refuse(fields);
        keep.ifPresent(lease::keep);
        answer.loaded(keep);
        return;
      }
      lease.model().checkRoom(exchange.caller().tenant());
      var chat = ChatRequest.of(messages).withTools(tools).withGeneration(generation);
      var formed = form.isPresent() ? chat.withAnswerForm(form.get()) : chat;
      var asked =
          new Conversation.Asked(Common.think(fields, formed), "messages", "format", 1, false);
      Common.refuse(fields);
      keep.ifPresent(lease::keep);
      try (var conversation = new Conversation(service, exchange, lease, asked)) {
        answer.write(conversation::each, isStreamed);
      }
    }
  }

  private static List<Tool> tools(Fields fields) {
    var functions = new Functions();
    var tools = new ArrayList<Tool>();
    for (Fields tool : fields.objects("tools", TOOLS_MAX)) {
      tool.word("type", Set.of("function"));
      var function = Fields.of(tool.require("function"), tool.path("function"));
      function.ignore("type");
      tools.add(functions.read(function, "parameters"));
      tool.refuseRest();
    }
    return tools;
  }
}
