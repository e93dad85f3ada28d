package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.KvType;
import dev.educe.server.EduceServer;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.model.EngineCatalogue;
import dev.educe.server.model.EngineCatalogue.Source;
import dev.educe.server.model.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Load on a server of our own with a tiny model.
class BenchServeTest {
  @TempDir private static Path folder;
  private static EduceServer server;
  private static EduceServer locked;
  private static String url;

  @BeforeAll
  static void start() throws IOException {
    var model = folder.resolve("tiny.gguf");
    assertEquals(0, Ran.educe("bench", "--make", "llama-tiny-q4_0", model.toString()).code());
    String keys = folder.resolve("keys.json").toString();
    assertEquals(0, Ran.educe("keys", "create", "--keys", keys).code());
    server = server(model, new Settings());
    locked = server(model, new Settings().put("keys", keys, "test"));
    url = server.uri().toString();
  }

  private static EduceServer server(Path model, Settings settings) throws IOException {
    var options = new ModelOptions(256, 4, KvType.F16, 1, "", 8, Duration.ZERO, "");
    var source = new Source("tiny", List.of("small"), model, options);
    var catalogue = new EngineCatalogue(List.of(source), 0, Duration.ZERO);
    settings.put("port", "0", "test");
    return new EduceServer(ServerConfig.of(settings), catalogue, _ -> {});
  }

  @AfterAll
  static void stop() {
    server.close();
    locked.close();
  }

  private static Ran bench(String... arguments) {
    var words = new ArrayList<>(List.of("bench", "serve"));
    words.addAll(List.of(arguments));
    return Ran.educe(words.toArray(String[]::new));
  }

  @Test
  void whatIsMeasuredIsWhatTheServerCounts() {
    var ran =
        bench(
            url,
            "--concurrency",
            "1,3",
            "--num-prompts",
            "7",
            "-p",
            "5-9",
            "-n",
            "6",
            "--exact",
            "--server-figures",
            "--goodput",
            "e2e:600000",
            "--json",
            "-");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    var loads = ran.json().get("loads");
    assertEquals(2, loads.size());
    for (int i = 0; i < 2; i++) {
      var load = loads.get(i);
      assertEquals(2 * i + 1, load.get("concurrency").asInt());
      assertEquals(7, load.get("done").asInt(), ran.out());
      assertEquals(0, load.get("failed").asInt() + load.get("refused").asInt());
      double seconds = load.get("seconds").asDouble();
      assertEquals(42, load.get("written_tokens_per_second").asDouble() * seconds, 1e-6);
      double read = load.get("prompt_tokens_per_second").asDouble() * seconds;
      assertTrue(read > 34.9 && read < 63.1, ran.out());
      assertEquals(
          load.get("requests_per_second").asDouble(),
          load.get("good_requests_per_second").asDouble());
      for (String time : List.of("ttft_ms", "tpot_ms")) {
        assertEquals(7, load.get("server").get(time).get("count").asInt(), ran.out());
      }
      // Tokens of a model so small may all come at once: only the first surely takes time.
      assertTrue(load.get("ttft_ms").get("p50").asDouble() > 0, ran.out());
    }
  }

  @Test
  void aTableAndAPictureAreForPeople() throws Exception {
    var plot = folder.resolve("load.svg");
    var json = folder.resolve("load.json");
    var ran =
        bench(
            url + "/v1",
            "--rate",
            "50,200",
            "--num-prompts",
            "5",
            "-p",
            "4",
            "-n",
            "3",
            "--model",
            "small",
            "--plot",
            plot.toString(),
            "--json",
            json.toString());
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().startsWith("small at " + url + "/v1/completions\n"), ran.out());
    for (String part : List.of("rate 50: 5 requests", "rate 200: 5 requests", "TTFT ", "TPOT ")) {
      assertTrue(ran.out().contains(part), ran.out());
    }
    assertTrue(Files.readString(json).contains("\"rate\" : 200.0"));
    var picture = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(plot.toFile());
    assertEquals(10, picture.getElementsByTagName("polyline").getLength());
    assertEquals(20, picture.getElementsByTagName("circle").getLength());
  }

  @Test
  void promptsComeFromAFile() throws IOException {
    var lines = Files.writeString(folder.resolve("asked.txt"), "Once upon\n\nThere was\n");
    var objects = Files.writeString(folder.resolve("asked.jsonl"), "{\"prompt\": \"Once\"}\n");
    for (Path file : List.of(lines, objects)) {
      var ran = bench(url, "--prompts", file.toString(), "--num-prompts", "3", "-n", "2");
      assertEquals(ExitCode.OK, ran.code(), ran.err());
      assertTrue(ran.out().contains("3 requests"), ran.out());
    }
    Files.writeString(objects, "{\"prompt\": 1}\n");
    failed(objects + ": every line must be an object", url, "--prompts", objects.toString());
  }

  @Test
  void whatStandsInTheWayIsSaid() {
    failed("no server answers at http://localhost:1; start one", "localhost:1");
    failed("the server asks for a key (401): give a good one", locked.uri().toString());
    failed("the server asks for a key (401)", locked.uri().toString(), "--key", "sk-wrong");
    var ran = bench(url, "--model", "x");
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("the server lists no model 'x' but [tiny]", ran.err().lines().findFirst().get());
    assertTrue(ran.err().contains("404: The model 'x' does not exist"), ran.err());
  }

  private static void failed(String sentence, String... arguments) {
    var ran = bench(arguments);
    assertEquals(ExitCode.FAILED, ran.code(), ran.err());
    assertEquals("", ran.out());
    assertTrue(ran.err().startsWith("educe: " + sentence), ran.err());
  }
}
