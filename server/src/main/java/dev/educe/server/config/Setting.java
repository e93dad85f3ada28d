package dev.educe.server.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What can be set: the one list of names, defaults and meanings.
///
/// A star stands for the name of a model.
public enum Setting {
  HOST("host", "127.0.0.1", "Address or name to listen on."),
  PORT("port", "8080", "Port to listen on; 0 takes a free one."),
  TLS_CERTIFICATE("tls.certificate", "", "PEM file of the certificate and those it rests on."),
  TLS_KEY("tls.key", "", "PEM file of the certificate's private key, PKCS #8, not encrypted."),
  TLS_KEYSTORE("tls.keystore", "", "PKCS #12 file of key and certificates, in place of PEM files."),
  TLS_PASSWORD_FILE("tls.password-file", "", "File whose first line opens the key store."),
  KEYS(
      "keys", "", "File of API keys, as `educe keys` writes it; with it, every request needs one."),
  INSECURE_NO_AUTH(
      "insecure-no-auth", "false", "Listen to other machines without asking for keys."),
  ALLOWED_HOSTS(
      "allowed-hosts", "", "Names this server goes by, separated by commas; addresses always do."),
  CORS_ORIGINS(
      "cors-origins",
      "",
      "Origins of web pages that may call, separated by commas; none by default."),
  LIMITS_HEADER_BYTES("limits.header-bytes", "16384", "Longest request line and headers."),
  LIMITS_CONNECTIONS("limits.connections", "20000", "Connections at once."),
  LIMITS_HEAD_SECONDS("limits.head-seconds", "20", "How long request line and headers may take."),
  LIMITS_BODY_SECONDS("limits.body-seconds", "60", "How long a body may take."),
  LIMITS_IDLE_SECONDS(
      "limits.idle-seconds", "120", "How long a connection may be idle, or a client take nothing."),
  LIMITS_REQUEST_SECONDS(
      "limits.request-seconds", "600", "How long a generation may take in all; 0 for any time."),
  HEARTBEAT_SECONDS("heartbeat-seconds", "15", "Silence in a stream before a comment is sent."),
  STALL_SECONDS(
      "stall-seconds", "60", "Work that waits so long while nothing moves makes /health fail."),
  DRAIN_SECONDS("drain-seconds", "30", "How long a shutdown waits for what is under way."),
  METRICS("metrics", "true", "Whether /metrics is there."),
  ACCESS_LOG(
      "access-log", "off", "One line for each request: off, - for standard output, or a file."),
  TRACING(
      "tracing",
      "",
      "Collector of OpenTelemetry for spans, as http://localhost:4318; none if empty."),
  MEMORY_BYTES(
      "memory-bytes", "0", "What all models may take together; 0 for what the machine has."),
  UNLOAD_SECONDS("unload-seconds", "0", "Idle time after which a model is unloaded; 0 for never."),
  BATCHES("batches", "", "Folder of files and batches; without it, there are none."),
  BATCH_LINES("batch-lines", "4", "Requests of batches that are answered at once."),
  BATCH_DAYS(
      "batch-days", "30", "How long files, and batches that are over, are kept; 0 for ever."),
  PRELOAD("preload", "true", "Whether models are loaded at the start, not when first asked for."),
  MODEL_FILE("models.*.file", "", "File of the model."),
  MODEL_ALIASES("models.*.aliases", "", "Other names of it, separated by commas."),
  MODEL_CONTEXT(
      "models.*.context", "0", "Tokens a text may have; 0 takes the model's own, at most 8,192."),
  MODEL_SEQUENCES("models.*.sequences", "4", "Texts of that length the cache has room for."),
  MODEL_KV("models.*.kv", "f16", "How keys and values are stored: f32, f16 or i8."),
  MODEL_THREADS("models.*.threads", "0", "Threads that compute; 0 takes one for each core."),
  MODEL_KERNELS(
      "models.*.kernels", "", "Kernels: scalar, vector or generated; the fastest if empty."),
  MODEL_WAITING("models.*.waiting", "1024", "Requests that may wait for their turn."),
  MODEL_WAITING_SECONDS(
      "models.*.waiting-seconds",
      "60",
      "How long one may wait; what would wait longer is refused at once. 0 for any time."),
  MODEL_DRAFT(
      "models.*.draft",
      "",
      "File of a smaller model of the same vocabulary that guesses; guesses are what followed the"
          + " same words before if empty."),
  MODEL_SPECULATE(
      "models.*.speculate",
      "auto",
      "Whether guesses of what comes next are computed: auto, where that saves time, or off."),
  MODEL_CHAT_TEMPLATE(
      "models.*.chat-template",
      "",
      "How conversations are written: a file in Jinja, chatml or plain; the model's own if empty.");

  /// What the names of environment variables begin with.
  public static final String ENVIRONMENT_PREFIX = "EDUCE_SERVE_";

  private final String key;
  private final String fallback;
  private final String meaning;

  Setting(String key, String fallback, String meaning) {
    this.key = key;
    this.fallback = fallback;
    this.meaning = meaning;
  }

  /// Its name in files and flags, as `limits.header-bytes`.
  public String key() {
    return key;
  }

  /// Its value unless it is set.
  public String fallback() {
    return fallback;
  }

  /// What it is, in a sentence.
  public String meaning() {
    return meaning;
  }

  /// Whether each model has one of its own.
  public boolean isOfModel() {
    return key.contains("*");
  }

  /// Its name in the environment, as `EDUCE_SERVE_LIMITS_HEADER_BYTES`.
  public String variable() {
    return ENVIRONMENT_PREFIX + key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /// Its key for a model.
  String key(String model) {
    return key.replace("*", model);
  }

  /// The setting of a key.
  static Optional<Setting> find(String key) {
    return Arrays.stream(values()).filter(setting -> setting.matches(key)).findFirst();
  }

  /// The model's name in a key of this setting.
  Optional<String> model(String candidate) {
    int star = key.indexOf('*');
    return star >= 0 && matches(candidate)
        ? Optional.of(candidate.substring(star, candidate.length() - (key.length() - star - 1)))
        : Optional.empty();
  }

  private boolean matches(String candidate) {
    int star = key.indexOf('*');
    return star < 0
        ? key.equals(candidate)
        : candidate.length() > key.length() - 1
            && candidate.startsWith(key.substring(0, star))
            && candidate.endsWith(key.substring(star + 1));
  }

  /// The key most like a mistaken one.
  static String nearest(String mistaken) {
    return Arrays.stream(values())
        .map(Setting::key)
        .min(
            (a, b) -> Integer.compare(Distance.between(a, mistaken), Distance.between(b, mistaken)))
        .orElseThrow();
  }

  /// All settings that are not of models.
  static List<Setting> ofServer() {
    return Arrays.stream(values()).filter(setting -> !setting.isOfModel()).toList();
  }

  /// All settings of models.
  static List<Setting> ofModels() {
    return Arrays.stream(values()).filter(Setting::isOfModel).toList();
  }
}
