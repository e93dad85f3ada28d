package dev.educe.server;

import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.model.Catalogue;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server on a free port of loopback with a [FakeModel] called `letters`, and clients of it.
final class Served implements AutoCloseable {
  final FakeModel model = new FakeModel();
  final EduceServer server;
  final HttpClient client = HttpClient.newHttpClient();
  final List<String> log = new CopyOnWriteArrayList<>();

  /// Makes what is served.
  @FunctionalInterface
  interface Catalogues {
    Catalogue of(ServerConfig config, FakeModel model) throws IOException;
  }

  /// @param settings each `key=value`
  Served(String... settings) throws IOException {
    this((_, model) -> new FakeCatalogue("letters", "abc", model), settings);
  }

  /// @param catalogue of what is served in place of the fake model
  Served(Catalogues catalogue, String... settings) throws IOException {
    var set = new Settings().put("port", "0", "test").put("access-log", "-", "test");
    for (String setting : settings) {
      String[] parts = setting.split("=", 2);
      set.put(parts[0], parts[1], "test");
    }
    var config = ServerConfig.of(set);
    server = new EduceServer(config, catalogue.of(config, model), log::add);
  }

  URI uri(String path) {
    return server.uri().resolve(path);
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return send(request(path, headers).GET());
  }

  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    return send(
        request(path, headers)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  HttpRequest.Builder request(String path, String... headers) {
    var builder = HttpRequest.newBuilder(uri(path));
    if (headers.length > 0) {
      builder.headers(headers);
    }
    return builder;
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  /// Sends bytes as they are and reads what comes until the server closes or answers no more.
  String raw(String bytes) throws IOException {
    try (var socket = socket()) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  Socket socket() throws IOException {
    var socket = new Socket(server.uri().getHost(), server.uri().getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  /// A connection on which a completion was asked for.
  Socket asking(String body) throws IOException {
    return asking("/v1/completions", body);
  }

  /// A connection on which something was asked for.
  Socket asking(String path, String body) throws IOException {
    var socket = socket();
    send(socket.getOutputStream(), path, body);
    return socket;
  }

  void send(OutputStream out, String body) throws IOException {
    send(out, "/v1/completions", body);
  }

  private static void send(OutputStream out, String path, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    out.write(
        ("POST "
                + path
                + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: "
                + bytes.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.flush();
  }

  static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  /// Waits for something that happens on another thread.
  static void await(BooleanSupplier happened) throws InterruptedException {
    for (int i = 0; i < 2_000 && !happened.getAsBoolean(); i++) {
      Thread.sleep(5);
    }
    if (!happened.getAsBoolean()) {
      throw new AssertionError("it did not happen within ten seconds");
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
  }
}
