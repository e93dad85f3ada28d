package dev.educe.server.openai;

import dev.educe.server.http.Fields;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// Parameters that change nothing of an answer, and are looked at all the same.
final class Ignored {
  private static final int PAIRS_MAX = 16;
  private static final Set<String> TIERS =
      Set.of("auto", "default", "flex", "scale", "priority", "fast");

  private Ignored() {}

  /// Hints about caches and users, and whose service it is: the same here for everybody.
  static void read(Fields fields) {
    fields.ignore("model");
    for (String name : Set.of("user", "safety_identifier", "prompt_cache_key")) {
      fields.text(name);
    }
    fields.word("prompt_cache_retention", Set.of("in_memory", "in-memory", "24h"));
    fields.object("prompt_cache_options");
    fields.word("service_tier", TIERS);
    checkMetadata(fields);
  }

  /// Whether `metadata` is an object of texts, if it is there.
  static void checkMetadata(Fields fields) {
    fields.object("metadata").ifPresent(metadata -> check(fields, metadata));
  }

  private static void check(Fields fields, Fields metadata) {
    JsonNode node = fields.require("metadata");
    if (node.size() > PAIRS_MAX) {
      throw Fields.invalid(
          fields.path("metadata"),
          "object_above_max_properties",
          "Invalid '%s': too many properties. Expected an object with at most %d."
              .formatted(fields.path("metadata"), PAIRS_MAX));
    }
    node.propertyNames().forEach(metadata::text);
  }
}
