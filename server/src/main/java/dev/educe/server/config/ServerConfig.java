package dev.educe.server.config;

import dev.educe.EmbeddedModel;
import dev.educe.kernels.KvType;
import dev.educe.server.model.EngineCatalogue.Source;
import dev.educe.server.model.ModelOptions;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// How a server is set up: [Setting]s, checked and in their types.
///
/// @param host to listen on
/// @param port to listen on; 0 takes a free one
/// @param tls for https
/// @param keys file of API keys; without one, no key is asked for
/// @param allowedHosts names this server goes by
/// @param corsOrigins of pages that may call
/// @param limits of time and size
/// @param metrics whether figures can be read
/// @param accessLog `off`, `-` or a file
/// @param tracing collector that spans are sent to
/// @param batches folder of files and batches, if there are to be any
/// @param batchLines how many of their requests are answered at once
/// @param batchesKept how long files, and batches that are over, are kept; zero for ever
/// @param models what is served
/// @param memoryBytes what all models may take together; 0 for what the machine has
/// @param unload idle time after which a model is unloaded; zero for never
/// @param preload whether models are loaded at the start
public record ServerConfig(
    String host,
    int port,
    Optional<Tls> tls,
    Optional<Path> keys,
    List<String> allowedHosts,
    List<String> corsOrigins,
    Limits limits,
    boolean metrics,
    String accessLog,
    Optional<URI> tracing,
    Optional<Path> batches,
    int batchLines,
    Duration batchesKept,
    List<Source> models,
    long memoryBytes,
    Duration unload,
    boolean preload) {
  private static final int PORT_MAX = 65_535;
  private static final int SECONDS_MAX = 7 * 24 * 3_600;
  private static final int COUNT_MAX = 1 << 24;

  /// Files of key and certificate: a PEM pair, or a key store and the file of its password.
  ///
  /// @param isKeyStore whether `certificate` is a PKCS #12 key store and `key` its password's file
  public record Tls(Path certificate, Path key, boolean isKeyStore) {}

  /// How long and how large things may be.
  public record Limits(
      int headerBytes,
      int connections,
      Duration head,
      Duration body,
      Duration idle,
      Duration request,
      Duration heartbeat,
      Duration stall,
      Duration drain) {}

  /// @throws ConfigException if a value is out of range, or it would serve strangers without keys
  public static ServerConfig of(Settings settings) {
    var read = new Reading(settings);
    String host = read.text(Setting.HOST);
    Optional<Path> keys = read.path(Setting.KEYS);
    if (keys.isEmpty() && !read.flag(Setting.INSECURE_NO_AUTH) && !isLoopback(host)) {
      throw new ConfigException(
          "'%s' can be reached by other machines, and no key would be asked for: make one with"
                  .formatted(host)
              + " 'educe keys create' and give its file as 'keys', listen on 127.0.0.1, or say"
              + " --insecure-no-auth");
    }
    return new ServerConfig(
        host,
        (int) read.integer(Setting.PORT, 0, PORT_MAX),
        read.tls(),
        keys,
        read.list(Setting.ALLOWED_HOSTS),
        read.list(Setting.CORS_ORIGINS),
        read.limits(),
        read.flag(Setting.METRICS),
        read.text(Setting.ACCESS_LOG),
        read.address(Setting.TRACING),
        read.path(Setting.BATCHES),
        (int) read.integer(Setting.BATCH_LINES, 1, 4_096),
        Duration.ofDays(read.integer(Setting.BATCH_DAYS, 0, 36_500)),
        read.models(),
        read.integer(Setting.MEMORY_BYTES, 0, Long.MAX_VALUE),
        read.seconds(Setting.UNLOAD_SECONDS, 0),
        read.flag(Setting.PRELOAD));
  }

  /// Whether other machines are served without being asked for a key.
  public boolean isOpenToStrangers() {
    return keys.isEmpty() && !isLoopback(host);
  }

  private static boolean isLoopback(String host) {
    try {
      return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
    } catch (UnknownHostException _) {
      return false;
    }
  }

  /// Reads values with their types; errors say where a value came from.
  private record Reading(Settings settings) {
    String text(Setting setting) {
      return settings.value(setting).text();
    }

    Optional<Path> path(Setting setting) {
      return Optional.of(text(setting)).filter(text -> !text.isEmpty()).map(Path::of);
    }

    Optional<URI> address(Setting setting) {
      String text = text(setting);
      if (!text.isEmpty() && !text.matches("https?://[^\\s/?#]+[^\\s?#]*")) {
        throw wrong(setting.key(), settings.value(setting), "an address as http://localhost:4318");
      }
      return Optional.of(text).filter(address -> !address.isEmpty()).map(URI::create);
    }

    boolean flag(Setting setting) {
      return switch (text(setting)) {
        case "true" -> true;
        case "false" -> false;
        default -> throw wrong(setting.key(), settings.value(setting), "true or false");
      };
    }

    long integer(Setting setting, long min, long max) {
      return integer(setting.key(), settings.value(setting), min, max);
    }

    static long integer(String key, Settings.Value value, long min, long max) {
      try {
        long number = Long.parseLong(value.text().replace("_", ""));
        if (number >= min && number <= max) {
          return number;
        }
      } catch (NumberFormatException _) {
        // Said below.
      }
      throw wrong(key, value, "%,d to %,d".formatted(min, max));
    }

    Duration seconds(Setting setting, int min) {
      return Duration.ofSeconds(integer(setting, min, SECONDS_MAX));
    }

    List<String> list(Setting setting) {
      return list(settings.value(setting));
    }

    static List<String> list(Settings.Value value) {
      return Arrays.stream(value.text().split(","))
          .map(String::strip)
          .filter(text -> !text.isEmpty())
          .toList();
    }

    Optional<Tls> tls() {
      var certificate = path(Setting.TLS_CERTIFICATE);
      var keyStore = path(Setting.TLS_KEYSTORE);
      if (keyStore.isPresent() && certificate.isPresent()) {
        throw new ConfigException("give tls.certificate or tls.keystore, not both");
      }
      if (keyStore.isPresent()) {
        return Optional.of(
            new Tls(keyStore.get(), required(Setting.TLS_PASSWORD_FILE, "tls.keystore"), true));
      }
      return certificate.map(
          file -> new Tls(file, required(Setting.TLS_KEY, "tls.certificate"), false));
    }

    Path required(Setting setting, String by) {
      return path(setting)
          .orElseThrow(() -> new ConfigException(by + " needs " + setting.key() + ", too"));
    }

    Limits limits() {
      return new Limits(
          (int) integer(Setting.LIMITS_HEADER_BYTES, 1_024, 1 << 20),
          (int) integer(Setting.LIMITS_CONNECTIONS, 1, COUNT_MAX),
          seconds(Setting.LIMITS_HEAD_SECONDS, 1),
          seconds(Setting.LIMITS_BODY_SECONDS, 1),
          seconds(Setting.LIMITS_IDLE_SECONDS, 1),
          seconds(Setting.LIMITS_REQUEST_SECONDS, 0),
          seconds(Setting.HEARTBEAT_SECONDS, 1),
          seconds(Setting.STALL_SECONDS, 1),
          seconds(Setting.DRAIN_SECONDS, 0));
    }

    List<Source> models() {
      var sources = new ArrayList<Source>();
      for (String model : settings.models()) {
        String file = settings.value(Setting.MODEL_FILE, model).text();
        if (file.isEmpty()) {
          throw new ConfigException(
              "model '%s' has no file; set %s".formatted(model, Setting.MODEL_FILE.key(model)));
        }
        sources.add(
            new Source(
                model,
                list(settings.value(Setting.MODEL_ALIASES, model)),
                EmbeddedModel.orFile(file),
                options(model)));
      }
      return sources;
    }

    ModelOptions options(String model) {
      return new ModelOptions(
          (int) of(model, Setting.MODEL_CONTEXT, 0, COUNT_MAX),
          (int) of(model, Setting.MODEL_SEQUENCES, 1, 4_096),
          kv(model),
          (int) of(model, Setting.MODEL_THREADS, 0, 4_096),
          settings.value(Setting.MODEL_KERNELS, model).text(),
          (int) of(model, Setting.MODEL_WAITING, 1, 1_000_000),
          Duration.ofSeconds(of(model, Setting.MODEL_WAITING_SECONDS, 0, SECONDS_MAX)),
          settings.value(Setting.MODEL_CHAT_TEMPLATE, model).text(),
          speculates(model),
          Optional.of(settings.value(Setting.MODEL_DRAFT, model).text())
              .filter(text -> !text.isEmpty())
              .map(Path::of));
    }

    long of(String model, Setting setting, long min, long max) {
      return integer(setting.key(model), settings.value(setting, model), min, max);
    }

    boolean speculates(String model) {
      var value = settings.value(Setting.MODEL_SPECULATE, model);
      return switch (value.text()) {
        case "auto" -> true;
        case "off" -> false;
        default -> throw wrong(Setting.MODEL_SPECULATE.key(model), value, "auto or off");
      };
    }

    KvType kv(String model) {
      var value = settings.value(Setting.MODEL_KV, model);
      return Arrays.stream(KvType.values())
          .filter(type -> type.name().equalsIgnoreCase(value.text()))
          .findFirst()
          .orElseThrow(() -> wrong(Setting.MODEL_KV.key(model), value, kvTypes()));
    }

    static String kvTypes() {
      return Arrays.stream(KvType.values())
          .map(type -> type.name().toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(", "));
    }

    static ConfigException wrong(String key, Settings.Value value, String wanted) {
      return new ConfigException(
          "%s: '%s' must be %s, got '%s'".formatted(value.origin(), key, wanted, value.text()));
    }
  }
}
