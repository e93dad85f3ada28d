package dev.educe.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// What was set, and where each value came from. Later sources take the place of earlier ones.
public final class Settings {
  private static final YAMLMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .build();

  private final Map<String, Value> values = new TreeMap<>();

  /// A value and where it came from, as `default` or `file educe.yaml`.
  public record Value(String text, String origin) {}

  /// Takes all that a file sets.
  ///
  /// @throws ConfigException if a key is unknown or the file is no YAML
  /// @throws IOException if it cannot be read
  public Settings file(Path path) throws IOException {
    String origin = "file " + path.getFileName();
    JsonNode tree;
    try {
      tree = YAML.readTree(Files.readString(path));
    } catch (JacksonException e) {
      throw new ConfigException(
          "%s: line %d is no valid YAML".formatted(path, e.getLocation().getLineNr()));
    }
    if (tree.isObject()) {
      flatten("", tree, origin);
    } else if (!tree.isMissingNode() && !tree.isNull()) {
      throw new ConfigException(path + ": the file must hold settings, as 'port: 8080'");
    }
    return this;
  }

  private void flatten(String prefix, JsonNode tree, String origin) {
    for (var property : tree.properties()) {
      String key = prefix + property.getKey();
      JsonNode node = property.getValue();
      if (node.isObject()) {
        flatten(key + ".", node, origin);
      } else if (node.isArray()) {
        var elements = new ArrayList<String>();
        node.forEach(element -> elements.add(element.asString()));
        put(key, String.join(",", elements), origin);
      } else {
        put(key, node.isNull() ? "" : node.asString(), origin);
      }
    }
  }

  /// Takes what the environment sets, in variables that begin with `EDUCE_SERVE_`.
  ///
  /// @throws ConfigException if one of them is unknown
  public Settings environment(Map<String, String> environment) {
    for (var variable : new TreeMap<>(environment).entrySet()) {
      if (variable.getKey().startsWith(Setting.ENVIRONMENT_PREFIX)) {
        var setting =
            Setting.ofServer().stream()
                .filter(known -> known.variable().equals(variable.getKey()))
                .findFirst()
                .orElseThrow(() -> unknownVariable(variable.getKey()));
        put(setting.key(), variable.getValue(), "environment " + variable.getKey());
      }
    }
    return this;
  }

  private static ConfigException unknownVariable(String name) {
    String key = name.substring(Setting.ENVIRONMENT_PREFIX.length()).toLowerCase(Locale.ROOT);
    String nearest =
        Setting.ofServer().stream()
            .map(Setting::variable)
            .min((a, b) -> Integer.compare(Distance.between(a, name), Distance.between(b, name)))
            .orElseThrow();
    return new ConfigException(
        "environment: there is no setting '%s'; did you mean %s?".formatted(key, nearest));
  }

  /// Takes one value.
  ///
  /// @param origin where it came from, as `flag --port`
  /// @throws ConfigException if the key is unknown
  public Settings put(String key, String text, String origin) {
    if (Setting.find(key).isEmpty()) {
      throw new ConfigException(
          "%s: there is no setting '%s'; did you mean '%s'?"
              .formatted(origin, key, Setting.nearest(key)));
    }
    values.put(key, new Value(text, origin));
    return this;
  }

  /// The value of a setting of the server.
  Value value(Setting setting) {
    return values.getOrDefault(setting.key(), new Value(setting.fallback(), "default"));
  }

  /// The value of a setting of a model.
  Value value(Setting setting, String model) {
    return values.getOrDefault(setting.key(model), new Value(setting.fallback(), "default"));
  }

  /// The names of all models that are spoken of.
  public Set<String> models() {
    var models = new LinkedHashSet<String>();
    for (String key : values.keySet()) {
      for (Setting setting : Setting.ofModels()) {
        setting.model(key).ifPresent(models::add);
      }
    }
    return models;
  }

  /// Every setting with its value and where that came from, a line each, as YAML.
  public List<String> lines() {
    var lines = new ArrayList<String>();
    Setting.ofServer().forEach(setting -> lines.add(line(setting.key(), value(setting))));
    for (String model : models()) {
      for (Setting setting : Setting.ofModels()) {
        lines.add(line(setting.key(model), value(setting, model)));
      }
    }
    return lines;
  }

  private static String line(String key, Value value) {
    String text = value.text().isEmpty() ? "\"\"" : value.text();
    return "%-26s %-24s # %s".formatted(key + ":", text, value.origin());
  }
}
