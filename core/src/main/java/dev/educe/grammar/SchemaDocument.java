package dev.educe.grammar;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A schema as it was written, with references looked up within it; nothing is ever fetched.
final class SchemaDocument {
  private static final int TEXT_MAX = 4 << 20;
  private static final int DEPTH_MAX = 200;
  private static final int NUMBER_MAX = 1_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_MAX)
                          .maxNameLength(TEXT_MAX)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private final JsonNode json;

  private SchemaDocument(JsonNode json) {
    this.json = json;
  }

  /// @throws GrammarException if it is no JSON, or too large or too deep
  static SchemaDocument read(String text) {
    if (text.length() > TEXT_MAX) {
      throw new GrammarException("the schema has more than %,d characters".formatted(TEXT_MAX));
    }
    JsonNode json;
    try {
      json = MAPPER.readTree(text);
    } catch (JacksonException wrong) {
      throw new GrammarException("the schema is not JSON: " + wrong.getOriginalMessage());
    } catch (NumberFormatException wrong) {
      throw new GrammarException("a number in the schema has an exponent that is too large");
    }
    if (json == null || json.isMissingNode()) {
      throw new GrammarException("the schema is empty");
    }
    return new SchemaDocument(json);
  }

  SchemaNode root() {
    return new SchemaNode("#", json);
  }

  /// The schema that a `$ref` names.
  ///
  /// @throws GrammarException if it is not within this document
  SchemaNode resolve(SchemaNode user) {
    String reference = user.text("$ref").orElseThrow();
    if (!reference.equals("#") && !reference.startsWith("#/")) {
      throw user.refusalAt(
          "$ref", "only references within the schema, which begin with #/, are followed");
    }
    JsonNode at = json;
    String[] steps = reference.split("/", -1);
    var pointer = new StringBuilder("#");
    for (int i = 1; i < steps.length; i++) {
      String name = unescape(user, steps[i]);
      at = at.isArray() && name.matches("\\d{1,9}") ? at.get(Integer.parseInt(name)) : at.get(name);
      if (at == null) {
        throw user.refusalAt("$ref", "there is nothing at this place in the schema");
      }
      pointer.append('/').append(name.replace("~", "~0").replace("/", "~1"));
    }
    return new SchemaNode(pointer.toString(), at);
  }

  private static String unescape(SchemaNode user, String step) {
    try {
      String plain = URLDecoder.decode(step.replace("+", "%2B"), StandardCharsets.UTF_8);
      return plain.replace("~1", "/").replace("~0", "~");
    } catch (IllegalArgumentException wrong) {
      throw user.refusalAt("$ref", "the reference is not a valid URI fragment");
    }
  }
}
