package dev.educe.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Frames of events, read as clients read them.
class EventStreamTest {
  private static final String[] PIECES = {
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ":",
    "data: ",
    "event: x",
    "[DONE]",
    "\u2028",
    "\u2029",
    "\u0085",
    "\uFEFF",
    "é",
    "𝄞",
    " ",
    "id: 1",
    "retry: 9",
    "\u0000",
    "{\"a\":1}"
  };

  @Test
  void everyTextArrivesAsOneEvent() {
    long seed = Long.getLong("tests.eventSeed", System.nanoTime());
    var random = new Random(seed);
    for (int round = 0; round < 5_000; round++) {
      var sent = new ArrayList<String>();
      var bytes = new ByteArrayOutputStream();
      for (int i = 0; i < 3; i++) {
        String text = text(random);
        sent.add(text.replace("\r\n", "\n").replace('\r', '\n'));
        bytes.writeBytes(EventStream.frame(i == 1 ? "named" : "", text));
        bytes.writeBytes(": ping\n\n".getBytes(StandardCharsets.UTF_8));
      }
      assertEquals(sent, parsed(bytes.toByteArray()), "tests.eventSeed=" + seed);
    }
  }

  private static String text(Random random) {
    var text = new StringBuilder("x"); // an event without data would be none
    int count = random.nextInt(8);
    for (int i = 0; i < count; i++) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private static List<String> parsed(byte[] bytes) {
    var events = new ArrayList<String>();
    var data = new ArrayList<String>();
    for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n", -1)) {
      assertTrue(line.indexOf('\r') < 0, "a carriage return ends a line, too");
      if (line.isEmpty()) {
        if (!data.isEmpty()) {
          events.add(String.join("\n", data));
        }
        data.clear();
      } else if (line.startsWith("data: ")) {
        data.add(line.substring("data: ".length()));
      } else {
        assertTrue(line.startsWith(":") || line.equals("event: named"), line);
      }
    }
    return events;
  }
}
