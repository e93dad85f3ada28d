package dev.educe.server.ollama;

import dev.educe.ChatRequest;
import dev.educe.Message;
import dev.educe.Request;
import dev.educe.grammar.GrammarException;
import dev.educe.grammar.Part;
import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.generation.ReplyEvent.Reason;
import dev.educe.server.generation.Service;
import dev.educe.server.generation.Texts;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening;
import dev.educe.server.model.ServedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// `POST /api/generate`: answers a prompt as the first message of a conversation, or goes on with
/// it as it is.
final class Generates {
  private final Service service;

  Generates(Service service) {
    this.service = service;
  }

  void handle(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String name = Common.model(fields, service.catalogue());
    long begin = System.nanoTime();
    try (var lease = service.catalogue().lease(name)) {
      exchange.concerns(lease.name());
      exchange.watchClient();
      String prompt = fields.text("prompt").orElse("");
      String suffix = fields.text("suffix").orElse("");
      String system = fields.text("system").orElse("");
      boolean isRaw = fields.flag("raw").orElse(false);
      boolean isStreamed = fields.flag("stream").orElse(true);
      var form = Common.form(fields);
      var request =
          Options.read(fields, lease.model(), exchange.caller().tenant(), service.deadline());
      var keep = Common.keepAlive(fields);
      var chat = chat(fields, prompt, system, form, request);
      fields.refuse("context", "[]");
      fields.refuse("template", "\"\"");
      Common.refuse(fields);
      keep.ifPresent(lease::keep);
      var answer =
          new Lines(exchange, lease.name(), System.nanoTime() - begin, Lines.Shape.GENERATE);
      if (prompt.isEmpty() && suffix.isEmpty()) {
        answer.loaded(keep);
        return;
      }
      lease.model().checkRoom(exchange.caller().tenant());
      if (isRaw || !suffix.isEmpty()) {
        int[] tokens = tokens(fields, lease.model(), prompt, suffix);
        var formed = formed(lease.model(), request, form);
        try (var texts = texts(exchange, lease, tokens, formed)) {
          answer.write((event, silent) -> each(texts, event, silent), isStreamed);
        }
      } else {
        var asked = new Conversation.Asked(chat, "prompt", "format", 1, false);
        try (var conversation = new Conversation(service, exchange, lease, asked)) {
          answer.write(conversation::each, isStreamed);
        }
      }
    }
  }

  private static ChatRequest chat(
      Fields fields, String prompt, String system, Optional<Part> form, Request request) {
    var messages = new ArrayList<Message>();
    if (!system.isEmpty()) {
      messages.add(Message.system(system));
    }
    messages.add(Message.user(prompt));
    var chat = Common.think(fields, ChatRequest.of(messages).withGeneration(request));
    return form.isPresent() ? chat.withAnswerForm(form.get()) : chat;
  }

  private static int[] tokens(Fields fields, ServedModel model, String prompt, String suffix) {
    var tokenizer = model.tokenizer();
    int[] tokens = tokenizer.encode(prompt, true);
    if (suffix.isEmpty()) {
      return tokens;
    }
    return model
        .gap()
        .orElseThrow(() -> fields.unsupported("suffix"))
        .around(tokenizer, tokens, tokenizer.encodePlain(suffix, false));
  }

  private static Request formed(ServedModel model, Request request, Optional<Part> form) {
    if (form.isEmpty()) {
      return request;
    }
    try {
      return request.withGrammar(model.grammars().of(form.get()));
    } catch (GrammarException e) {
      throw Fields.invalid(
          "format", "unsupported_schema", "Invalid 'format': %s.".formatted(e.getMessage()));
    }
  }

  private Texts texts(Exchange exchange, Catalogue.Lease lease, int[] prompt, Request request) {
    var text = new Generating(0, 0, prompt, request, false);
    return new Texts(service, exchange, lease, "prompt", List.of(text));
  }

  /// A text as an answer that is nothing but text.
  private static void each(Texts texts, Consumer<ReplyEvent> event, Runnable silent) {
    texts.each(
        happening -> {
          switch (happening) {
            case Happening.PromptToken _ -> {}
            case Happening.Piece piece -> say(piece.text(), event);
            case Happening.End end -> {
              say(end.text(), event);
              var isCut = end.finish() == Happening.Finish.LENGTH;
              var reason = isCut ? Reason.LENGTH : Reason.STOP;
              event.accept(new ReplyEvent.End(0, reason, end.stop(), end.usage(), 0));
            }
          }
        },
        silent);
  }

  private static void say(String text, Consumer<ReplyEvent> event) {
    if (!text.isEmpty()) {
      event.accept(new ReplyEvent.Text(0, text, List.of()));
    }
  }
}
