package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.Connection.Answer;
import dev.educe.server.http.Route;
import dev.educe.server.model.EngineCatalogue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Bodies that were right before they were changed at random: each ends in an answer, or in an
/// error of the table, and never in a fault of the server.
class MutatedBodiesTest {
  private static final Set<Integer> STATUSES = Set.of(200, 400, 404, 429);
  private static final int CLIENTS = 4;
  private static final int AHEAD = 16; // of their answers

  @TempDir private Path folder;
  private String file; // that was uploaded

  @Test
  void threeHundredForEachRouteEndWell() throws Exception {
    sendFake(300);
  }

  @Test
  @Tag("slow")
  void aHundredThousandForEachRouteEndWell() throws Exception {
    sendFake(100_000);
  }

  /// What the fake model does not look at: templates, grammars and samplers.
  @Test
  @EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
  void fiftyForEachRouteEndWellWithAModel() throws Exception {
    sendReal(50);
  }

  @Test
  @Tag("slow")
  @EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
  void fiveThousandForEachRouteEndWellWithAModel() throws Exception {
    sendReal(5_000);
  }

  private void sendFake(int count) throws Exception {
    try (var served = new Served("access-log=off", "batches=" + folder)) {
      send(served, count);
      assertEquals(0, served.model.underWay.get());
    }
  }

  private void sendReal(int count) throws Exception {
    try (var served =
        new Served(
            (config, _) -> new EngineCatalogue(config.models(), 0, Duration.ZERO),
            "access-log=off",
            "batches=" + folder,
            "models.letters.file="
                + Path.of(System.getenv("EDUCE_TESTDATA"), "models", "stories260K.gguf"),
            "models.letters.chat-template=chatml",
            "models.letters.context=128")) {
      send(served, count);
    }
  }

  private void send(Served served, int count) throws Exception {
    var seed = Seed.given();
    file = BatchesTest.upload(served, "no requests\n");
    for (Route route : served.server.routes()) {
      if (route.bodyBytesMax() > 0) {
        send(served, route, count, seed);
      }
    }
    Served.await(() -> served.server.underWay() == 0);
  }

  /// Sends so many to a route from several clients, each with a seed of its own.
  private void send(Served served, Route route, int count, Seed seed) throws Exception {
    var own = taken(served, route);
    var statuses = new ConcurrentSkipListMap<Integer, Integer>();
    var clients = new ArrayList<Future<Void>>();
    long start = System.nanoTime();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CLIENTS; i++) {
        var random = new Random(seed.value() + 31L * route.path().hashCode() + i);
        int share = count / CLIENTS + (i < count % CLIENTS ? 1 : 0);
        clients.add(
            threads.submit(() -> {
              send(served, route, own, share, random, statuses);
              return null;
            }));
      }
    }
    for (var client : clients) {
      try {
        client.get();
      } catch (ExecutionException e) {
        throw new AssertionError(seed.toString(), e.getCause());
      }
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    System.out.printf("%s %s %,d s%n", route.path(), statuses, seconds);
  }

  private static void send(
      Served served,
      Route route,
      List<String> own,
      int count,
      Random random,
      ConcurrentMap<Integer, Integer> statuses)
      throws Exception {
    try (var connection = new Connection(served)) {
      for (int sent = 0; sent < count; ) {
        var some = new ArrayList<byte[]>();
        for (; some.size() < AHEAD && sent < count; sent++) {
          // Mostly what gets far, and now and then what is meant for another route.
          var bodies = random.nextInt(4) > 0 ? own : Mutations.BODIES;
          some.add(Mutations.of(bodies.get(random.nextInt(bodies.size())), random));
        }
        var answers = answers(connection, route, some);
        for (int i = 0; i < some.size(); i++) {
          statuses.merge(answers.get(i).status(), 1, Integer::sum);
          check(route.path(), answers.get(i), some.get(i));
        }
      }
    }
  }

  private static List<Answer> answers(Connection connection, Route route, List<byte[]> bodies) {
    try {
      return connection.send(bodies.stream().map(body -> request(route, body)).toList());
    } catch (IOException e) {
      var all = bodies.stream().map(body -> new String(body, StandardCharsets.UTF_8)).toList();
      throw new AssertionError(route.path() + ": " + String.join("\n", all), e);
    }
  }

  /// The bodies that a route answers as they are: a new one needs at least one of its own here.
  private List<String> taken(Served served, Route route) throws Exception {
    var taken = new ArrayList<String>();
    try (var connection = new Connection(served)) {
      for (String each : Mutations.BODIES) {
        String body = each.replace("FILE", file);
        byte[] request = request(route, body.getBytes(StandardCharsets.UTF_8));
        if (connection.send(List.of(request)).getFirst().status() == 200) {
          taken.add(body);
        }
      }
    }
    assertFalse(
        taken.isEmpty(), () -> "add a body to Mutations.BODIES that " + route.path() + " takes");
    return taken;
  }

  private static byte[] request(Route route, byte[] body) {
    String path = route.path().replaceAll("\\{[^}]*}", "letters");
    return Connection.request(route.method(), path, mediaType(route), body);
  }

  static String mediaType(Route route) {
    return route.path().equals("/v1/files")
        ? "multipart/form-data; boundary=xYx"
        : "application/json";
  }

  private static void check(String path, Answer answer, byte[] body) {
    Supplier<String> what =
        () ->
            "%s: %s%n%d %s"
                .formatted(
                    path, new String(body, StandardCharsets.UTF_8), answer.status(), answer.body());
    assertTrue(STATUSES.contains(answer.status()), what);
    assertFalse(answer.body().contains("engine_error"), what); // in a stream either
    assertFalse(answer.body().contains("Exception"), what);
    if (answer.status() != 200) {
      checkError(path, json(answer.body()).get("error"), what);
    }
  }

  /// An error looks as its API has it.
  private static void checkError(String path, JsonNode error, Supplier<String> what) {
    if (path.startsWith("/api/")) {
      assertTrue(error.isString(), what);
      return;
    }
    assertTrue(error.get("message").isString() && error.get("type").isString(), what);
    if (!path.startsWith("/v1/messages")) {
      assertTrue(error.get("code").isString() && error.has("param"), what);
    }
  }
}
