package dev.educe.server.anthropic;

import static dev.educe.server.anthropic.MessageBody.block;

import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.http.EventStream;
import dev.educe.server.http.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/// Streams a message: its beginning, then of each block its beginning, pieces and end, then why it
/// ended. It begins with the first thing to say, so that what fails earlier is an error with a
/// status.
///
/// Source: Anthropic's API, "Streaming messages".
final class MessageEvents {
  private final EventStream events;
  private final MessageBody message;
  private final MessageRequest request;
  private final int promptTokens;
  private boolean isBegun;
  private int index = -1; // of the last block
  private String open = ""; // type of the block that is being written

  MessageEvents(EventStream events, MessageBody message, MessageRequest request, int promptTokens) {
    this.events = events;
    this.message = message;
    this.request = request;
    this.promptTokens = promptTokens;
  }

  void take(ReplyEvent event) {
    if (!isBegun) {
      begin();
    }
    switch (event) {
      case ReplyEvent.Reasoning thought -> think(thought.text());
      case ReplyEvent.Text text -> {
        if (!open.equals("text")) {
          open(MessageBody.text(""));
        }
        delta("text_delta", "text", text.text());
      }
      case ReplyEvent.CallBegin call -> open(MessageBody.call(call.id(), call.name(), Map.of()));
      case ReplyEvent.CallArguments piece ->
          delta("input_json_delta", "partial_json", piece.json());
      case ReplyEvent.CallEnd _ -> close();
      case ReplyEvent.End end -> end(end);
    }
  }

  /// Shows that the answer is still to come.
  void ping() {
    if (!isBegun) {
      begin();
    } else {
      send("ping", Map.of());
    }
  }

  private void begin() {
    isBegun = true;
    send("message_start", Map.of("message", message.begun(promptTokens)));
    send("ping", Map.of());
  }

  private void think(String text) {
    if (!request.thinking().isShown()) {
      return;
    }
    if (!open.equals("thinking")) {
      open(MessageBody.thinking(""));
    }
    if (!request.thinking().isOmitted()) {
      delta("thinking_delta", "thinking", text);
    }
  }

  private void open(Map<String, Object> block) {
    close();
    index++;
    open = (String) block.get("type");
    send("content_block_start", about("content_block", block));
  }

  private void delta(String type, String name, String text) {
    send("content_block_delta", about("delta", block(type, name, text)));
  }

  private void close() {
    if (!open.isEmpty()) {
      open = "";
      send("content_block_stop", Map.of("index", index));
    }
  }

  /// Something about the last block.
  private Map<String, Object> about(String name, Map<String, Object> value) {
    var about = new LinkedHashMap<String, Object>();
    about.put("index", index);
    about.put(name, value);
    return about;
  }

  private void end(ReplyEvent.End end) {
    close();
    var delta = new LinkedHashMap<String, Object>();
    delta.put("stop_reason", message.stopReason(end));
    delta.put("stop_sequence", end.stop().orElse(null));
    var members = new LinkedHashMap<String, Object>();
    members.put("delta", delta);
    members.put("usage", MessageBody.usage(end.usage(), end.reasoningTokens()));
    send("message_delta", members);
    send("message_stop", Map.of());
  }

  private void send(String type, Map<String, Object> members) {
    var event = new LinkedHashMap<String, Object>();
    event.put("type", type);
    event.putAll(members);
    events.send(type, Json.write(event));
  }
}
