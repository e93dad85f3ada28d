package dev.educe.server.ollama;

import dev.educe.ToolCall;
import dev.educe.server.generation.Answer;
import dev.educe.server.generation.ReplyEvent;
import dev.educe.server.generation.ReplyEvent.Reason;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// An answer: line by line as it is written, or as one object; the last line says what it took.
final class Lines {
  private final Exchange exchange;
  private final String model;
  private final long loadNanos;
  private final Shape shape;

  /// Where the text of an answer stands.
  enum Shape {
    CHAT,
    GENERATE
  }

  /// What becomes of an answer.
  @FunctionalInterface
  interface Source {
    /// @param event is told of it
    /// @param silent is run when nothing has happened for some time
    void each(Consumer<ReplyEvent> event, Runnable silent);
  }

  /// @param loadNanos how long it took to have the model
  Lines(Exchange exchange, String model, long loadNanos, Shape shape) {
    this.exchange = exchange;
    this.model = model;
    this.loadNanos = loadNanos;
    this.shape = shape;
  }

  void write(Source source, boolean isStreamed) {
    if (isStreamed) {
      stream(source);
      return;
    }
    var answer = new Answer();
    source.each(answer::take, () -> {});
    var line = line(answer.text(), answer.reasoning(), answer.calls());
    putEnd(line, answer.end());
    exchange.answer(line);
  }

  private void stream(Source source) {
    var lines = exchange.lines();
    var answer = new Answer(); // for its calls, which are told whole
    try {
      source.each(
          event -> {
            answer.take(event);
            switch (event) {
              case ReplyEvent.Reasoning thought ->
                  lines.send(Json.write(line("", thought.text(), List.of())));
              case ReplyEvent.Text text -> lines.send(Json.write(line(text.text(), "", List.of())));
              case ReplyEvent.CallBegin _, ReplyEvent.CallArguments _ -> {}
              case ReplyEvent.CallEnd call -> {
                if (call.isWhole()) {
                  lines.send(Json.write(line("", "", List.of(answer.calls().getLast()))));
                }
              }
              case ReplyEvent.End end -> {
                var line = line("", "", List.of());
                putEnd(line, end);
                lines.send(Json.write(line));
              }
            }
          },
          () -> lines.send(Json.write(line("", "", List.of()))));
      lines.end();
    } catch (ApiException failed) {
      lines.fail(failed.error());
    }
  }

  /// Answers a request that asks for nothing but that the model be there or, if it is to be kept
  /// for no time, that it go.
  void loaded(Optional<Duration> keep) {
    var line = line("", "", List.of());
    line.put("done", true);
    line.put("done_reason", keep.filter(Duration::isZero).isPresent() ? "unload" : "load");
    exchange.answer(line);
  }

  private Map<String, Object> line(String text, String thinking, List<ToolCall> calls) {
    var line = new LinkedHashMap<String, Object>();
    line.put("model", model);
    line.put("created_at", Instant.now().toString());
    var said = line;
    if (shape == Shape.CHAT) {
      said = new LinkedHashMap<>();
      said.put("role", "assistant");
      line.put("message", said);
    }
    said.put(shape == Shape.CHAT ? "content" : "response", text);
    if (!thinking.isEmpty()) {
      said.put("thinking", thinking);
    }
    if (!calls.isEmpty()) {
      said.put("tool_calls", calls.stream().map(Lines::call).toList());
    }
    line.put("done", false);
    return line;
  }

  private static Map<String, Object> call(ToolCall call) {
    var function = new LinkedHashMap<String, Object>();
    function.put("name", call.name());
    function.put("arguments", call.parsedArguments());
    return Map.of("function", function);
  }

  /// Times are in nanoseconds.
  private void putEnd(Map<String, Object> line, ReplyEvent.End end) {
    var usage = end.usage();
    line.put("done", true);
    line.put("done_reason", end.reason() == Reason.LENGTH ? "length" : "stop");
    line.put("total_duration", System.nanoTime() - exchange.startNanos());
    line.put("load_duration", loadNanos);
    line.put("prompt_eval_count", usage.promptTokens());
    line.put("prompt_eval_duration", usage.prefillNanos());
    line.put("eval_count", usage.generatedTokens());
    line.put("eval_duration", usage.decodeNanos());
  }
}
