package dev.educe.server;

import java.util.ArrayList;
import java.util.List;

/// Reads a stream of events as a browser does.
final class Events {
  private Events() {}

  /// The data of all whole events.
  ///
  /// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
  static List<String> of(String stream) {
    var events = new ArrayList<String>();
    var data = new ArrayList<String>();
    for (String line : stream.split("\r\n|\r|\n", -1)) {
      if (line.isEmpty()) {
        if (!data.isEmpty()) {
          events.add(String.join("\n", data));
          data.clear();
        }
      } else if (line.startsWith("data:")) {
        String value = line.substring("data:".length());
        data.add(value.startsWith(" ") ? value.substring(1) : value);
      }
    }
    return events;
  }
}
