package dev.educe.cli.load;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads a stream of events as it comes and notes when each text did.
///
/// Most events are the one before with another text in it. Those are told by their bytes alone: a
/// reader that took each apart would, on the machine of a server of a quick model, take as much of
/// it as the server.
final class EventReader implements Connection.Reader {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final Endpoint endpoint;
  private byte[] line = new byte[512];
  private int lineBytes;
  private long[] gaps = new long[64];
  private int pieces;

  // An event that brought text and nothing else of interest, around its text.
  private byte[] before = {};
  private byte[] after = {};

  long first;
  long last;
  int promptTokens;
  int writtenTokens;
  boolean isWhole;
  String error = "";

  EventReader(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /// Nanoseconds between one piece of text and the next.
  long[] gaps() {
    return Arrays.copyOf(gaps, Math.max(0, pieces - 1));
  }

  int pieces() {
    return pieces;
  }

  @Override
  public void take(byte[] bytes, int from, int to) {
    long now = System.nanoTime();
    for (int i = from; i < to; i++) {
      if (bytes[i] == '\n') {
        line(now);
        lineBytes = 0;
      } else if (bytes[i] != '\r') {
        if (lineBytes == line.length) {
          line = Arrays.copyOf(line, 2 * lineBytes);
        }
        line[lineBytes++] = bytes[i];
      }
    }
  }

  /// Comments and names of events are skipped; these servers have the data of one in one line.
  private void line(long now) {
    int from = 5;
    if (lineBytes <= from || line[0] != 'd' || line[3] != 'a' || line[4] != ':') {
      return;
    }
    while (from < lineBytes && line[from] == ' ') {
      from++;
    }
    if (line[from] == '[') {
      isWhole = true; // [DONE]
      return;
    }
    if (isLikeTheLast()) {
      text(now);
      return;
    }
    try {
      chunk(MAPPER.readTree(line, from, lineBytes - from), now);
    } catch (JacksonException _) {
      error = "an event is no JSON";
    }
  }

  /// Whether this line is the last that was taken apart but for a text that is not empty.
  private boolean isLikeTheLast() {
    int end = lineBytes - after.length;
    if (before.length == 0
        || end <= before.length
        || !Arrays.equals(line, 0, before.length, before, 0, before.length)
        || !Arrays.equals(line, end, lineBytes, after, 0, after.length)) {
      return false;
    }
    for (int i = before.length; i < end; i++) {
      if (line[i] == '"' || line[i] == '\\') {
        return false; // perhaps more than a text
      }
    }
    return true;
  }

  /// Keeps what is around the one text of this line, if it stands there as it is.
  private void keep(String text) {
    var bytes = (":\"" + text + "\"").getBytes(StandardCharsets.UTF_8);
    for (int at = lineBytes - bytes.length; at > 0; at--) {
      if (Arrays.equals(line, at, at + bytes.length, bytes, 0, bytes.length)) {
        before = Arrays.copyOf(line, at + 2);
        after = Arrays.copyOfRange(line, at + bytes.length - 1, lineBytes);
        return;
      }
    }
  }

  private void chunk(JsonNode chunk, long now) {
    if (chunk.has("error")) {
      error = chunk.path("error").path("message").asString("the server broke off");
      return;
    }
    JsonNode usage = chunk.path("usage");
    if (endpoint.hasText(chunk)) {
      text(now);
      String said = endpoint.said(chunk);
      if (!said.isEmpty() && !usage.isObject()) {
        keep(said);
      }
    }
    if (usage.isObject()) {
      promptTokens = usage.path("prompt_tokens").asInt(0);
      writtenTokens = usage.path("completion_tokens").asInt(0);
    }
  }

  private void text(long now) {
    if (pieces == 0) {
      first = now;
    } else {
      if (pieces > gaps.length) {
        gaps = Arrays.copyOf(gaps, 2 * gaps.length);
      }
      gaps[pieces - 1] = now - last;
    }
    last = now;
    pieces++;
  }
}
