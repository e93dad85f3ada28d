package dev.educe.server.openai;

import dev.educe.server.http.Fields;
import tools.jackson.databind.JsonNode;

/// Reads lists of token ids.
final class TokenIds {
  private TokenIds() {}

  /// @param path where the list stands
  /// @throws dev.educe.server.http.ApiException if it is none, or has an id that is not in the
  ///   vocabulary
  static int[] read(JsonNode node, String path, int vocabularySize) {
    if (!node.isArray()) {
      throw Fields.wrongType(path, "an array of integers", node);
    }
    var tokens = new int[node.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode element = node.get(i);
      if (element.isInt() && element.intValue() >= 0 && element.intValue() < vocabularySize) {
        tokens[i] = element.intValue();
      } else {
        String at = "%s[%d]".formatted(path, i);
        tokens[i] = (int) Fields.integer(element, at, 0, vocabularySize - 1L);
      }
    }
    return tokens;
  }
}
