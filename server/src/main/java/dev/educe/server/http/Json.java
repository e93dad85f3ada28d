package dev.educe.server.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeType;

/// Reads JSON as strictly as its standard has it, within limits, and writes it.
///
/// Refused, besides what is no JSON: anything but UTF-8, duplicate keys, halves of surrogate pairs,
/// depth, numbers and names beyond any honest request.
public final class Json {
  /// Deeper than any request or schema seen, and safe for recursion.
  public static final int DEPTH_MAX = 64;

  // The longest honest numbers are doubles, 24 characters.
  private static final int NUMBER_CHARS_MAX = 64;
  private static final int NAME_CHARS_MAX = 1_024;

  // A prompt of token ids has one token of JSON for each; an 8 MiB body has fewer.
  private static final long TOKENS_MAX = 4_000_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_CHARS_MAX)
                          .maxNameLength(NAME_CHARS_MAX)
                          .maxStringLength(Integer.MAX_VALUE) // the body's limit holds
                          .maxTokenCount(TOKENS_MAX)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /// @throws ApiException `invalid_json` if it is no JSON object, or beyond a limit
  public static JsonNode readObject(byte[] bytes) {
    String text = utf8(bytes);
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (StreamConstraintsException _) {
      throw invalid(
          "it is nested deeper than %d, or has a number of more than %d or a name of more than %,d"
                  .formatted(DEPTH_MAX, NUMBER_CHARS_MAX, NAME_CHARS_MAX)
              + " characters");
    } catch (JacksonException failed) {
      throw invalid(place(failed));
    }
    if (node.getNodeType() != JsonNodeType.OBJECT) {
      throw invalid("it is not an object");
    }
    if ((text.contains("\\ud") || text.contains("\\uD")) && hasHalfPair(node)) {
      throw invalid("a string has half a surrogate pair, which is no character");
    }
    return node;
  }

  private static String utf8(byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.startsWith("\uFEFF")) {
        throw invalid("it begins with a byte order mark");
      }
      return text;
    } catch (CharacterCodingException _) {
      throw invalid("it is not UTF-8");
    }
  }

  /// Where the error is; what stands there is the client's and is not repeated.
  private static String place(JacksonException failed) {
    var location = failed.getLocation();
    if (failed.getOriginalMessage().startsWith("Duplicate")) {
      return "an object has the same key twice" + at(location.getLineNr(), location.getColumnNr());
    }
    return "there is an error" + at(location.getLineNr(), location.getColumnNr());
  }

  private static String at(int line, int column) {
    return line < 1 ? "" : " at line %,d, column %,d".formatted(line, column);
  }

  private static boolean hasHalfPair(JsonNode node) {
    if (node.isString()) {
      return !StandardCharsets.UTF_8.newEncoder().canEncode(node.stringValue());
    }
    for (var property : node.properties()) {
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(property.getKey())) {
        return true;
      }
    }
    for (JsonNode child : node) {
      if (hasHalfPair(child)) {
        return true;
      }
    }
    return false;
  }

  private static ApiException invalid(String reason) {
    return new ApiException(
        ApiError.badRequest(
            "invalid_json", "The body of your request could not be read as JSON: " + reason + "."));
  }

  /// Maps, lists, strings, numbers and `JsonNode`s as compact JSON.
  public static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }
}
