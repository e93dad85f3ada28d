package dev.educe.server.ollama;

import dev.educe.ChatRequest;
import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.server.generation.Reasoning;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Fields;
import dev.educe.server.model.Catalogue;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The fields that most of Ollama's requests have.
final class Common {
  private static final String LATEST = ":latest";
  private static final Set<String> EFFORTS = Set.of("high", "medium", "low");
  private static final Pattern DURATION =
      Pattern.compile("-?(\\d+|(\\d+(\\.\\d*)?(ns|us|µs|ms|s|m|h))+)");

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

  /// How long a model shall stay in memory: looked at, and the server's own setting holds.
  static void checkKeepAlive(Fields fields) {
    fields
        .value("keep_alive")
        .ifPresent(time -> {
          boolean isTime =
              time.isNumber() || time.isString() && DURATION.matcher(time.stringValue()).matches();
          if (!isTime) {
            throw Fields.invalid(
                "keep_alive",
                "invalid_value",
                "Invalid 'keep_alive': expected seconds, or a duration such as '5m'.");
          }
        });
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
