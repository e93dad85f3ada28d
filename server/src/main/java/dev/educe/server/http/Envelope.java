package dev.educe.server.http;

import java.util.Map;
import java.util.function.Function;
import tools.jackson.core.io.JsonStringEncoder;

/// JSON of which one text changes from time to time and nothing else, so that it is rendered once.
public final class Envelope {
  private final String before;
  private final String after;

  /// @param value around a text; the text must come in it once
  public Envelope(Function<String, Map<String, ?>> value) {
    String mark = Ids.of("mark_");
    String json = Json.write(value.apply(mark));
    int at = json.indexOf(mark);
    before = json.substring(0, at);
    after = json.substring(at + mark.length());
  }

  /// The JSON with this text.
  public String with(String text) {
    var json = new StringBuilder(before.length() + text.length() + after.length() + 8);
    json.append(before);
    JsonStringEncoder.getInstance().quoteAsString(text, json);
    return json.append(after).toString();
  }
}
