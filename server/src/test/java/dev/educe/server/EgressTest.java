package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The server connects to nobody: whatever address a client writes, it is a text.
class EgressTest {
  private static final Pattern CONNECTS =
      Pattern.compile(
          "HttpClient|URLConnection|openConnection\\(|\\.toURL\\(|\\bSocketChannel|new Socket\\("
              + "|DatagramChannel|InetAddress\\.get(All)?ByName|ProcessBuilder|\\.exec\\(");

  @Test
  void nothingButTheSpansOfAConfiguredCollectorLeaves() throws Exception {
    var connecting = new TreeSet<String>();
    int count = 0;
    for (Path root : new Path[] {Path.of("src/main/java"), Path.of("../core/src/main/java")}) {
      try (var files = Files.walk(root)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          count++;
          if (CONNECTS.matcher(Files.readString(file)).find()) {
            connecting.add(file.getFileName().toString());
          }
        }
      }
    }
    assertTrue(count > 300, count + " files");
    // The one looks up the name to listen on.
    assertEquals("[ServerConfig.java, Tracing.java]", connecting.toString());
  }

  @Test
  void anAddressInARequestIsRefusedOrText() throws Exception {
    try (var served = new Served();
        var sink = new ServerSocket(0)) {
      String url = "http://127.0.0.1:" + sink.getLocalPort() + "/x.png";
      String chat = "/v1/chat/completions {\"model\":\"letters\",\"messages\":";
      for (String each :
          new String[] {
            chat
                + "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
                + "{\"url\":\"%s\"}}]}]}",
            chat + "[{\"role\":\"user\",\"content\":\"say ![x](%s)\"}]}",
            chat + "[{\"role\":\"user\",\"content\":\"a\"}],\"base_url\":\"%s\"}",
            chat + "[{\"role\":\"user\",\"content\":\"a\"}],\"api_base\":\"%s\"}",
            chat
                + "[{\"role\":\"user\",\"content\":\"a\"}],\"response_format\":{\"type\":"
                + "\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"$ref\":\"%s\"}}}}",
            chat
                + "[{\"role\":\"user\",\"content\":\"a\"}],\"response_format\":{\"type\":"
                + "\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
                + "{\"$schema\":\"%s\",\"$id\":\"%s\",\"type\":\"integer\"}}}}",
            chat
                + "[{\"role\":\"user\",\"content\":\"a\"}],\"tools\":[{\"type\":\"function\","
                + "\"function\":{\"name\":\"f\",\"parameters\":{\"$ref\":\"%s\"}}}]}",
            "/v1/completions {\"model\":\"%s\",\"prompt\":\"a\"}",
            "/v1/responses {\"model\":\"letters\",\"input\":[{\"role\":\"user\",\"content\":"
                + "[{\"type\":\"input_file\",\"file_url\":\"%s\"}]}]}",
            "/v1/messages {\"model\":\"letters\",\"max_tokens\":2,"
                + "\"messages\":[{\"role\":\"user\","
                + "\"content\":[{\"type\":\"image\","
                + "\"source\":{\"type\":\"url\",\"url\":\"%s\"}}]}]}",
            "/api/chat {\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"a\","
                + "\"images\":[\"%s\"]}]}"
          }) {
        String[] parts = each.replace("%s", url).split(" ", 2);
        var answer = served.post(parts[0], parts[1]);
        boolean isText = each.contains("![x]") || each.contains("$schema");
        boolean isUnread = each.contains("\"tools\""); // of a call that the model is free to make
        assertTrue(
            answer.statusCode() == 200 ? isText || isUnread : answer.statusCode() < 500,
            each + answer.body());
      }
      sink.setSoTimeout(1);
      assertThrows(SocketTimeoutException.class, sink::accept);
    }
  }
}
