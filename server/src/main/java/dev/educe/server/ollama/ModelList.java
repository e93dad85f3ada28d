package dev.educe.server.ollama;

import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.ServedModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `/api/tags`, `/api/ps` and `/api/show`: which models there are, and what they are like.
///
/// What only a loaded model's file says is left empty while the model is not loaded.
final class ModelList {
  // As Ollama has it of models that stay as long as there is room.
  private static final String NEVER = "2318-01-01T00:00:00Z";

  private final Catalogue catalogue;

  ModelList(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  void all(Exchange exchange) {
    var loaded = catalogue.loaded();
    var models = new ArrayList<Map<String, Object>>();
    for (Catalogue.Entry entry : catalogue.entries()) {
      var model = loaded.get(entry.name());
      var object = entry(entry, entry.bytes());
      object.put("modified_at", Instant.ofEpochSecond(entry.createdSeconds()).toString());
      object.put("details", details(model == null ? ServedModel.About.UNKNOWN : model.about()));
      models.add(object);
    }
    exchange.answer(Map.of("models", models));
  }

  void loaded(Exchange exchange) {
    var models = new ArrayList<Map<String, Object>>();
    for (var loaded : catalogue.loaded().entrySet()) {
      var model = loaded.getValue();
      var object = entry(catalogue.entry(loaded.getKey()), model.bytes());
      object.put("details", details(model.about()));
      var stays = catalogue.stays(loaded.getKey());
      object.put(
          "expires_at", stays.map(time -> Instant.now().plus(time).toString()).orElse(NEVER));
      object.put("size_vram", 0);
      object.put("context_length", model.contextLength());
      models.add(object);
    }
    exchange.answer(Map.of("models", models));
  }

  private static Map<String, Object> entry(Catalogue.Entry entry, long bytes) {
    var object = new LinkedHashMap<String, Object>();
    object.put("name", entry.name());
    object.put("model", entry.name());
    object.put("size", bytes);
    object.put("digest", digest(entry));
    return object;
  }

  /// Of what is known of the file without reading all of it: it changes when the file does.
  private static String digest(Catalogue.Entry entry) {
    String known = "%s %d %d".formatted(entry.name(), entry.createdSeconds(), entry.bytes());
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(known.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  private static Map<String, Object> details(ServedModel.About about) {
    var details = new LinkedHashMap<String, Object>();
    details.put("parent_model", "");
    details.put("format", "gguf");
    details.put("family", about.family());
    details.put("families", about.family().isEmpty() ? List.of() : List.of(about.family()));
    details.put("parameter_size", about.size());
    details.put("quantization_level", "");
    return details;
  }

  void show(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String name = Common.model(fields, catalogue);
    fields.flag("verbose");
    fields.ignore("model", "name");
    fields.refuse("system", "\"\"");
    fields.refuse("template", "\"\"");
    fields.refuse("options", "{}");
    fields.refuseRest();
    try (var lease = catalogue.lease(name)) {
      exchange.concerns(lease.name());
      exchange.answer(shown(catalogue.entry(name), lease.model()));
    }
  }

  private static Map<String, Object> shown(Catalogue.Entry entry, ServedModel model) {
    var about = model.about();
    var figures = new LinkedHashMap<String, Object>();
    figures.put("general.architecture", about.family());
    figures.put(about.family() + ".context_length", model.contextLength());
    figures.put(about.family() + ".embedding_length", model.stateSize());
    var body = new LinkedHashMap<String, Object>();
    body.put("license", "");
    body.put("modelfile", "");
    body.put("parameters", "");
    body.put("template", about.template());
    body.put("details", details(about));
    body.put("model_info", figures);
    body.put("capabilities", capabilities(about.template(), model));
    body.put("modified_at", Instant.ofEpochSecond(entry.createdSeconds()).toString());
    return body;
  }

  /// As far as its template tells.
  private static List<String> capabilities(String template, ServedModel model) {
    var capabilities = new ArrayList<String>();
    capabilities.add("completion");
    if (template.contains("tools")) {
      capabilities.add("tools");
    }
    if (model.gap().isPresent()) {
      capabilities.add("insert");
    }
    if (template.contains("think")) {
      capabilities.add("thinking");
    }
    return capabilities;
  }
}
