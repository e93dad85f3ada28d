package dev.educe.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  @Test
  void whatIsRenderedOnceIsWhatWouldBeRenderedEachTime() {
    var envelope = new Envelope(EnvelopeTest::value);
    for (String text :
        List.of("", "word", "\"\\/\b\f\n\r\t\u0000\u001f\u007f", "é\u2028\u2029𝄞", "mark_")) {
      assertEquals(Json.write(value(text)), envelope.with(text));
    }
  }

  private static Map<String, ?> value(String text) {
    return Map.of("choices", List.of(Map.of("delta", Map.of("content", text))));
  }
}
