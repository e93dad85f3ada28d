package dev.educe.server.ollama;

import dev.educe.ChatRequest;
import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.server.generation.Reasoning;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Fields;
import dev.educe.server.model.Catalogue;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The fields that most of Ollama's requests have.
final class Common {
  private static final String LATEST = ":latest";
  private static final Set<String> EFFORTS = Set.of("high", "medium", "low");
  private static final Pattern DURATION =
      Pattern.compile("(-?)((?:\\d{1,9}(?:\\.\\d{0,9})?(?:ns|us|µs|ms|s|m|h))+|\\d{1,9})");
  private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d*)?)(ns|us|µs|ms|s|m|h|$)");
  private static final double NANOS_PER_SECOND = 1e9;

  private Common() {}

  /// The name in the catalogue: Ollama's clients may add a tag, of which there is one here.
  static String model(Fields fields, Catalogue catalogue) {
    String name = fields.text("model").or(() -> fields.text("name")).orElse("");
    if (name.isEmpty()) {
      return catalogue.entry(fields.requireText("model")).name();
    }
    try {
      return catalogue.entry(name).name();
    } catch (ApiException unknown) {
      if (!name.endsWith(LATEST)) {
        throw unknown;
      }
      return catalogue.entry(name.substring(0, name.length() - LATEST.length())).name();
    }
  }

  /// How long the model shall stay in memory when nobody uses it any more, if the request says so;
  /// negative for as long as there is room. A number is one of seconds.
  static Optional<Duration> keepAlive(Fields fields) {
    return fields
        .value("keep_alive")
        .map(time -> {
          String text = time.isNumber() ? time.asString() + "s" : time.asString("");
          var matcher = DURATION.matcher(text);
          if (!matcher.matches()) {
            throw Fields.invalid(
                "keep_alive",
                "invalid_value",
                "Invalid 'keep_alive': expected seconds, or a duration such as '5m'.");
          }
          double seconds =
              PART.matcher(matcher.group(2))
                  .results()
                  .mapToDouble(part -> Double.parseDouble(part.group(1)) * unit(part.group(2)))
                  .sum();
          boolean isForever = !matcher.group(1).isEmpty();
          return isForever
              ? Duration.ofSeconds(-1)
              : Duration.ofNanos((long) (seconds * NANOS_PER_SECOND));
        });
  }

  /// In seconds.
  private static double unit(String name) {
    return switch (name) {
      case "h" -> 3_600;
      case "m" -> 60;
      case "ms" -> 1e-3;
      case "us", "µs" -> 1e-6;
      case "ns" -> 1e-9;
      default -> 1;
    };
  }

  /// What an answer must look like: `"json"` or a schema.
  static Optional<Part> form(Fields fields) {
    var value = fields.value("format");
    if (value.isEmpty()) {
      return Optional.empty();
    }
    JsonNode format = value.get();
    if (format.isObject()) {
      return Optional.of(json(format.toString()));
    }
    String word = Fields.text(format, "format");
    return switch (word) {
      case "" -> Optional.empty();
      case "json" -> Optional.of(json("{\"type\":\"object\"}"));
      default ->
          throw Fields.invalid(
              "format", "invalid_value", "Invalid 'format': expected 'json' or a JSON schema.");
    };
  }

  private static Part json(String schema) {
    return new Part.Json("", schema, SchemaOptions.defaults().closed());
  }

  /// Whether the model thinks, and how much; as it likes if nothing is said.
  static ChatRequest think(Fields fields, ChatRequest chat) {
    var think = fields.value("think");
    if (think.isEmpty()) {
      return chat;
    }
    if (think.get().isBoolean()) {
      return think.get().booleanValue() ? Reasoning.on(chat) : Reasoning.effort(chat, "none");
    }
    return Reasoning.effort(Reasoning.on(chat), fields.word("think", EFFORTS).orElseThrow());
  }

  /// Refuses what this server does not do.
  static void refuse(Fields fields) {
    fields.refuse("logprobs", "false");
    fields.refuse("top_logprobs", "0");
    fields.refuse("images", "[]");
    fields.refuseRest();
  }
}
