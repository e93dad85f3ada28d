package dev.educe.bench;

import dev.educe.cli.load.Load;
import dev.educe.cli.load.LoadClient;
import dev.educe.cli.load.LoadResult;
import dev.educe.cli.load.Prompts;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// How long people wait for their first token while a batch is worked on, beside how long they do
/// without: one asks at random moments, with a batch and without one in turn.
final class Background {
  private static final int PROMPT_TOKENS = 128;
  private static final int TOKENS = 4;
  private static final int ASKED = 12; // in each turn, times what is asked for
  private static final int PAUSE_MILLIS_MAX = 300;
  private static final int LINES = 2_000;
  private static final int LINE_TOKENS = 64; // read, and written
  private static final Duration WARM_UP = Duration.ofSeconds(1);

  private final Path root;
  private final Path model;
  private final int asked;
  private final int rounds;
  private final Random random;
  private final Prompts prompts;
  private final HttpClient http = HttpClient.newHttpClient();
  private ServedProcess server;

  Background(Path root, Path model, int requests, int rounds, Random random) {
    this.root = root;
    this.model = model;
    this.asked = ASKED * requests;
    this.rounds = rounds;
    this.random = random;
    this.prompts = Prompts.ofTokens(PROMPT_TOKENS, PROMPT_TOKENS, random);
  }

  void run() throws IOException, InterruptedException, PeerFailedException {
    Path folder = Files.createTempDirectory("educe-batches");
    var settings = List.of("batches=" + folder, "models.m.context=512", "models.m.sequences=16");
    try (var served = new ServedProcess(root, model, settings);
        var client = new LoadClient(served.target(TOKENS))) {
      server = served;
      String file = upload();
      first(client, asked / 2); // warms up
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        double[] alone = first(client, asked);
        String batch = create(file);
        Thread.sleep(WARM_UP);
        int before = answered(batch);
        double[] beside = first(client, asked);
        int answered = answered(batch) - before;
        cancel(batch);
        ratios[round] = Series.of(beside).median() / Series.of(alone).median();
        ServeCommand.print(
            "first token: p50 %.1f, longest %.1f ms; beside a batch %.1f, %.1f ms: %.2f times;"
                + " %,d of its lines were answered meanwhile",
            Series.of(alone).median(),
            Series.of(alone).greatest(),
            Series.of(beside).median(),
            Series.of(beside).greatest(),
            ratios[round],
            answered);
      }
      var all = Series.of(ratios);
      ServeCommand.print(
          "beside a batch the first token takes %.2f times as long (%.2f to %.2f)",
          all.median(), all.least(), all.greatest());
    }
  }

  /// Times to the first token, in milliseconds.
  private double[] first(LoadClient client, int count) throws InterruptedException {
    double[] millis = new double[count];
    for (int i = 0; i < count; i++) {
      Thread.sleep(random.nextInt(PAUSE_MILLIS_MAX));
      var load = new Load(client, prompts, 1, Duration.ZERO, _ -> {});
      var result = new LoadResult("concurrency", 1, load.closed(1), List.of());
      millis[i] = result.firstTimes().percentile(50);
    }
    return millis;
  }

  private String upload() throws IOException, InterruptedException {
    var lines = new StringBuilder();
    for (int i = 0; i < LINES; i++) {
      String prompt =
          random
              .ints(LINE_TOKENS, 300, 500)
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(","));
      lines
          .append(
              "{\"custom_id\":\"%d\",\"method\":\"POST\",\"url\":\"/v1/completions\",".formatted(i))
          .append(
              "\"body\":{\"model\":\"%s\",\"prompt\":[%s],".formatted(ServedProcess.MODEL, prompt))
          .append("\"max_tokens\":%d,\"ignore_eos\":true}}\n".formatted(LINE_TOKENS));
    }
    String form =
        "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"file\"; filename=\"in\"\r\n\r\n"
            + lines
            + "\r\n--b--\r\n";
    return send("/v1/files", "multipart/form-data; boundary=b", form).get("id").stringValue();
  }

  private String create(String file) throws IOException, InterruptedException {
    String body =
        "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"24h\"}"
            .formatted(file);
    return send("/v1/batches", "application/json", body).get("id").stringValue();
  }

  private int answered(String batch) throws IOException, InterruptedException {
    return get("/v1/batches/" + batch).at("/request_counts/completed").intValue();
  }

  private void cancel(String batch) throws IOException, InterruptedException {
    send("/v1/batches/" + batch + "/cancel", "application/json", "");
    while (!get("/v1/batches/" + batch).get("status").stringValue().equals("cancelled")) {
      Thread.sleep(20);
    }
    Disconnects.awaitIdle(server);
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    return answer(HttpRequest.newBuilder(server.base().resolve(path)));
  }

  private JsonNode send(String path, String type, String body)
      throws IOException, InterruptedException {
    return answer(
        HttpRequest.newBuilder(server.base().resolve(path))
            .header("content-type", type)
            .POST(BodyPublishers.ofString(body)));
  }

  private JsonNode answer(HttpRequest.Builder request) throws IOException, InterruptedException {
    var response = http.send(request.build(), BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException("the server answered with %s".formatted(response.body()));
    }
    return JsonMapper.shared().readTree(response.body());
  }
}
