package dev.educe.server.openai;

import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.http.Ids;
import dev.educe.server.model.Happening.Piece;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/// The output of a response, item by item, and the events of it while it is written.
///
/// Reasoning, text and calls are items; what follows something else begins a new one.
final class ResponseOutput {
  private final Tokenizer tokenizer;
  private final boolean hasLogprobs;
  private final BiConsumer<String, Map<String, Object>> events;
  private final List<Map<String, Object>> items = new ArrayList<>(); // those that are done
  private final StringBuilder text = new StringBuilder(); // of the item that is written
  private final List<Piece> tokens = new ArrayList<>();
  private String open = ""; // its type; empty if none is written
  private String id = "";
  private ReplyEvent.CallBegin call;

  /// @param events takes the name of each event and its members, without a number
  ResponseOutput(
      Tokenizer tokenizer, boolean hasLogprobs, BiConsumer<String, Map<String, Object>> events) {
    this.tokenizer = tokenizer;
    this.hasLogprobs = hasLogprobs;
    this.events = events;
  }

  /// The items that are done.
  List<Map<String, Object>> items() {
    return items;
  }

  void take(ReplyEvent event) {
    switch (event) {
      case ReplyEvent.Reasoning thought -> {
        write("reasoning", "rs_");
        text.append(thought.text());
        delta("response.reasoning_text.delta", thought.text(), true);
      }
      case ReplyEvent.Text piece -> {
        write("message", "msg_");
        text.append(piece.text());
        tokens.addAll(piece.tokens());
        var delta = place(true);
        delta.put("delta", piece.text());
        delta.put("logprobs", logprobs(piece.tokens()));
        events.accept("response.output_text.delta", delta);
      }
      case ReplyEvent.CallBegin begin -> {
        close("completed");
        call = begin;
        write("function_call", "fc_");
      }
      case ReplyEvent.CallArguments piece -> {
        text.append(piece.json());
        delta("response.function_call_arguments.delta", piece.json(), false);
      }
      case ReplyEvent.CallEnd end -> {
        if (end.isWhole() && text.isEmpty()) {
          text.append("{}");
        }
        close(end.isWhole() ? "completed" : "incomplete");
      }
      case ReplyEvent.End end -> {
        if (items.isEmpty() && open.isEmpty()) {
          write("message", "msg_"); // there is always something, if only an empty text
        }
        boolean isCut = end.reason() == ReplyEvent.Reason.LENGTH;
        close(isCut ? "incomplete" : "completed");
      }
    }
  }

  private void delta(String name, String piece, boolean hasContent) {
    var delta = place(hasContent);
    delta.put("delta", piece);
    events.accept(name, delta);
  }

  /// Begins an item unless one of this type is being written.
  private void write(String type, String prefix) {
    if (open.equals(type)) {
      return;
    }
    close("completed");
    open = type;
    id = Ids.of(prefix);
    var added = new LinkedHashMap<String, Object>();
    added.put("output_index", items.size());
    added.put("item", item("in_progress", false));
    events.accept("response.output_item.added", added);
    if (!type.equals("function_call")) {
      part("response.content_part.added");
    }
  }

  private void part(String name) {
    var event = place(true);
    event.put("part", content());
    events.accept(name, event);
  }

  /// Ends the item that is being written, if one is.
  private void close(String status) {
    if (open.isEmpty()) {
      return;
    }
    var done = place(!open.equals("function_call"));
    switch (open) {
      case "message" -> {
        done.put("text", text.toString());
        done.put("logprobs", logprobs(tokens));
        events.accept("response.output_text.done", done);
      }
      case "reasoning" -> {
        done.put("text", text.toString());
        events.accept("response.reasoning_text.done", done);
      }
      default -> {
        done.put("name", call.name());
        done.put("arguments", text.toString());
        events.accept("response.function_call_arguments.done", done);
      }
    }
    if (!open.equals("function_call")) {
      part("response.content_part.done");
    }
    var item = item(status, true);
    var event = new LinkedHashMap<String, Object>();
    event.put("output_index", items.size());
    event.put("item", item);
    events.accept("response.output_item.done", event);
    items.add(item);
    text.setLength(0);
    tokens.clear();
    open = "";
  }

  /// Where an event belongs.
  private Map<String, Object> place(boolean hasContent) {
    var place = new LinkedHashMap<String, Object>();
    place.put("item_id", id);
    place.put("output_index", items.size());
    if (hasContent) {
      place.put("content_index", 0);
    }
    return place;
  }

  private Map<String, Object> item(String status, boolean hasContent) {
    var item = new LinkedHashMap<String, Object>();
    item.put("id", id);
    item.put("type", open);
    item.put("status", status);
    List<Map<String, Object>> content = hasContent ? List.of(content()) : List.of();
    switch (open) {
      case "message" -> {
        item.put("role", "assistant");
        item.put("content", content);
      }
      case "reasoning" -> {
        item.put("summary", List.of());
        item.put("content", content);
      }
      default -> {
        item.put("call_id", call.id());
        item.put("name", call.name());
        item.put("arguments", text.toString());
      }
    }
    return item;
  }

  private Map<String, Object> content() {
    var content = new LinkedHashMap<String, Object>();
    boolean isMessage = open.equals("message");
    content.put("type", isMessage ? "output_text" : "reasoning_text");
    content.put("text", text.toString());
    if (isMessage) {
      content.put("annotations", List.of());
      content.put("logprobs", logprobs(tokens));
    }
    return content;
  }

  private List<Map<String, Object>> logprobs(List<Piece> of) {
    return hasLogprobs ? Likelihoods.of(of, tokenizer) : List.of();
  }
}
