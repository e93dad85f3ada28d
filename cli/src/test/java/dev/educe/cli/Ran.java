package dev.educe.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What a command did: its exit code, and all it printed.
record Ran(int code, String out, String err) {
  /// Runs a command in this process, with nothing to read and no terminal.
  static Ran educe(String... arguments) {
    return reading("", arguments);
  }

  /// Runs a command that finds a text on standard input.
  static Ran reading(String in, String... arguments) {
    return on("", in.getBytes(StandardCharsets.UTF_8), Map.of(), arguments);
  }

  /// Runs a command some of whose streams are terminals.
  static Ran on(String terminals, byte[] in, Map<String, String> environment, String... arguments) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var console = new Console(new ByteArrayInputStream(in), out, err, terminals, environment);
    int code = EduceCommand.run(console, arguments);
    return new Ran(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /// Standard output as JSON.
  JsonNode json() {
    return JsonMapper.shared().readTree(out);
  }
}
