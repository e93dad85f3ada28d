package dev.educe.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// Where settings come from, which wins, and what mistakes are told.
class SettingsTest {
  @TempDir private Path folder;

  private Path file(String yaml) throws Exception {
    return Files.writeString(folder.resolve("educe.yaml"), yaml);
  }

  @Test
  void flagsWinOverTheEnvironmentAndThatOverTheFile() throws Exception {
    Path file =
        file(
            """
            port: 1
            drain-seconds: 11
            heartbeat-seconds: 12
            limits:
              idle-seconds: 13
            cors-origins: [https://a.example, https://b.example]
            models:
              v1.5-mini:
                file: mini.gguf
                aliases: [m, n]
                sequences: 9
            """);
    var environment =
        Map.of("EDUCE_SERVE_PORT", "2", "EDUCE_SERVE_DRAIN_SECONDS", "22", "EDUCE_OTHER", "x");
    var settings =
        new Settings().file(file).environment(environment).put("port", "3", "flag --port");
    var config = ServerConfig.of(settings);
    assertEquals(3, config.port());
    assertEquals(22, config.limits().drain().toSeconds());
    assertEquals(12, config.limits().heartbeat().toSeconds());
    assertEquals(13, config.limits().idle().toSeconds());
    assertEquals(List.of("https://a.example", "https://b.example"), config.corsOrigins());
    var model = config.models().getFirst();
    assertEquals("v1.5-mini", model.name());
    assertEquals(List.of("m", "n"), model.aliases());
    assertEquals(9, model.options().sequences());
    var lines = settings.lines();
    assertTrue(lines.stream().anyMatch(line -> line.matches("port: +3 +# flag --port")), "port");
    assertTrue(
        lines.stream().anyMatch(line -> line.matches("drain-seconds: +22 +# environment .*")),
        "drain-seconds");
    assertTrue(lines.stream().anyMatch(line -> line.endsWith("# file educe.yaml")), "file");
    assertTrue(
        lines.stream().anyMatch(line -> line.matches("host: +127.0.0.1 +# default")), "host");
  }

  @Test
  void anUnknownNameIsToldWithTheNearest() throws Exception {
    assertFails("did you mean 'port'?", () -> new Settings().put("prot", "1", "flag"));
    assertFails(
        "did you mean 'limits.idle-seconds'?",
        () -> new Settings().file(file("limits: {idle-second: 3}")));
    assertFails(
        "did you mean EDUCE_SERVE_PORT?",
        () -> new Settings().environment(Map.of("EDUCE_SERVE_PROT", "1")));
    assertFails("line 2", () -> new Settings().file(file("port: 1\nport: 2\n")));
    assertFails("must hold settings", () -> new Settings().file(file("- 1")));
  }

  @Test
  void valuesOutOfRangeAreToldWithTheirSource() {
    assertFails(
        "flag --port: 'port' must be 0 to 65,535, got '65536'",
        () -> ServerConfig.of(new Settings().put("port", "65536", "flag --port")));
    assertFails(
        "must be true or false, got 'yes'",
        () -> ServerConfig.of(new Settings().put("metrics", "yes", "x")));
    assertFails(
        "f32",
        () ->
            ServerConfig.of(
                new Settings().put("models.a.file", "f", "x").put("models.a.kv", "f8", "x")));
    assertFails("has no file", () -> ServerConfig.of(new Settings().put("models.a.kv", "i8", "x")));
    assertFails(
        "needs tls.key", () -> ServerConfig.of(new Settings().put("tls.certificate", "c", "x")));
  }

  @Test
  void strangersNeedKeysUnlessThatIsSpeltOut() {
    for (String host : List.of("0.0.0.0", "::", "192.0.2.1")) {
      assertFails(
          "--insecure-no-auth", () -> ServerConfig.of(new Settings().put("host", host, "x")));
    }
    var open = new Settings().put("host", "0.0.0.0", "x").put("insecure-no-auth", "true", "x");
    assertTrue(ServerConfig.of(open).isOpenToStrangers());
    var keyed = new Settings().put("host", "0.0.0.0", "x").put("keys", "keys.json", "x");
    assertTrue(!ServerConfig.of(keyed).isOpenToStrangers());
    assertTrue(!ServerConfig.of(new Settings()).isOpenToStrangers());
  }

  /// The page that explains the settings has each of them, with its meaning.
  @Test
  void everySettingIsDocumented() throws Exception {
    Path here = Path.of("").toAbsolutePath();
    Path root = Files.exists(here.resolve("docs")) ? here : here.getParent();
    String page = Files.readString(root.resolve("docs/how-to/serve.md"));
    for (Setting setting : Setting.values()) {
      String fallback = setting.fallback().isEmpty() ? "" : "`" + setting.fallback() + "`";
      String row = "| `%s` | %s | %s |".formatted(setting.key(), fallback, setting.meaning());
      assertTrue(page.contains(row), () -> "docs/how-to/serve.md lacks the row\n" + row);
    }
  }

  private static void assertFails(String message, Executable run) {
    var failure = assertThrows(ConfigException.class, run);
    assertTrue(failure.getMessage().contains(message), failure.getMessage());
  }
}
