package dev.educe.server.openai;

import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.http.Envelope;
import dev.educe.server.http.Json;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A streamed answer of `/v1/chat/completions`: for each choice a chunk with the role, then what is
/// written, then one with why it ended; after all of them usage, if it was asked for.
final class ChatChunks {
  private final Map<String, Object> head;
  private final ChatCompletionRequest request;
  private final Tokenizer tokenizer;
  private final BitSet begun = new BitSet(); // choices whose role was sent
  private final Map<Integer, Envelope> envelopes = new HashMap<>(); // of texts, by choice
  private int reasoningTokens;

  ChatChunks(Map<String, Object> head, ChatCompletionRequest request, Tokenizer tokenizer) {
    this.head = new LinkedHashMap<>(head);
    this.head.put("object", "chat.completion.chunk");
    this.request = request;
    this.tokenizer = tokenizer;
  }

  /// An event's chunks as JSON.
  List<String> of(ReplyEvent event) {
    var chunks = new ArrayList<String>();
    if (!begun.get(event.choice())) {
      begun.set(event.choice());
      var delta = delta("role", "assistant");
      delta.put("content", "");
      delta.put("refusal", null);
      chunks.add(json(event, delta, null, null));
    }
    switch (event) {
      case ReplyEvent.Reasoning thought -> {
        if (request.hasReasoning()) {
          chunks.add(json(event, delta("reasoning_content", thought.text()), null, null));
        }
      }
      case ReplyEvent.Text text -> {
        if (request.hasLogprobs()) {
          var logprobs = ChatCompletions.logprobs(Likelihoods.of(text.tokens(), tokenizer));
          chunks.add(json(event, delta("content", text.text()), logprobs, null));
        } else {
          chunks.add(envelope(event).with(text.text()));
        }
      }
      case ReplyEvent.CallBegin call -> {
        var object = delta("index", call.index());
        object.put("id", call.id());
        object.put("type", "function");
        var function = delta("name", call.name());
        function.put("arguments", "");
        object.put("function", function);
        chunks.add(json(event, delta("tool_calls", List.of(object)), null, null));
      }
      case ReplyEvent.CallArguments piece -> {
        var object = delta("index", piece.index());
        object.put("function", delta("arguments", piece.json()));
        chunks.add(json(event, delta("tool_calls", List.of(object)), null, null));
      }
      case ReplyEvent.CallEnd _ -> {}
      case ReplyEvent.End end -> {
        reasoningTokens += end.reasoningTokens();
        chunks.add(json(event, new LinkedHashMap<>(), null, ChatCompletions.finish(end.reason())));
      }
    }
    return chunks;
  }

  private static Map<String, Object> delta(String name, Object value) {
    var delta = new LinkedHashMap<String, Object>();
    delta.put(name, value);
    return delta;
  }

  private Envelope envelope(ReplyEvent event) {
    return envelopes.computeIfAbsent(
        event.choice(),
        _ -> new Envelope(text -> chunk(event, delta("content", text), null, null)));
  }

  private String json(
      ReplyEvent event, Map<String, Object> delta, Map<String, Object> logprobs, String finish) {
    return Json.write(chunk(event, delta, logprobs, finish));
  }

  private Map<String, Object> chunk(
      ReplyEvent event, Map<String, Object> delta, Map<String, Object> logprobs, String finish) {
    var choice = new LinkedHashMap<String, Object>();
    choice.put("index", event.choice());
    choice.put("delta", delta);
    choice.put("logprobs", logprobs);
    choice.put("finish_reason", finish);
    var chunk = new LinkedHashMap<>(head);
    chunk.put("choices", List.of(choice));
    if (request.streaming().hasUsage()) {
      chunk.put("usage", null);
    }
    return chunk;
  }

  /// The last chunk, of no choice.
  Optional<String> usage(TokenUsage usage) {
    if (!request.streaming().hasUsage()) {
      return Optional.empty();
    }
    var chunk = new LinkedHashMap<>(head);
    chunk.put("choices", List.of());
    chunk.put("usage", Usages.ofChat(usage, reasoningTokens));
    return Optional.of(Json.write(chunk));
  }
}
