package dev.educe.server.openai;

import dev.educe.server.http.Fields;
import dev.educe.server.model.Refusal;
import dev.educe.server.model.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// A request for `/v1/embeddings`.
///
/// @param inputs token ids, one list for each text
/// @param isBase64 whether vectors are answered as base64 of their bytes
/// @param dimensions how many values of each are wanted; empty for all
record EmbeddingsRequest(List<int[]> inputs, boolean isBase64, OptionalInt dimensions) {
  private static final int INPUTS_MAX = 2_048;

  static EmbeddingsRequest of(Fields fields, ServedModel model) {
    fields.ignore("model");
    fields.text("user");
    var inputs = new ArrayList<int[]>();
    JsonNode input = fields.require("input");
    if (!input.isString() && !input.isArray()) {
      throw Fields.wrongType("input", "one of a string or an array", input);
    }
    if (input.isString() || (!input.isEmpty() && input.get(0).isNumber())) {
      inputs.add(tokens(input, "input", model));
    } else {
      Fields.checkCount(input, "input", 1, INPUTS_MAX);
      for (JsonNode element : input) {
        inputs.add(tokens(element, "input[%d]".formatted(inputs.size()), model));
      }
    }
    String format = fields.word("encoding_format", Set.of("float", "base64")).orElse("float");
    var dimensions = fields.integer("dimensions", 1, model.stateSize());
    fields.refuseRest();
    return new EmbeddingsRequest(
        inputs,
        format.equals("base64"),
        dimensions.isPresent() ? OptionalInt.of(dimensions.get().intValue()) : OptionalInt.empty());
  }

  private static int[] tokens(JsonNode node, String path, ServedModel model) {
    boolean isText = node.isString();
    int[] tokens =
        isText
            ? model.tokenizer().encode(node.stringValue(), false)
            : TokenIds.read(node, path, model.tokenizer().vocabularySize());
    if (tokens.length == 0 || (isText && node.stringValue().isEmpty())) {
      throw Fields.invalid(
          path,
          "invalid_value",
          "Invalid '%s': there is nothing to read; give at least one character.".formatted(path));
    }
    if (tokens.length > model.contextLength()) {
      throw Refusal.PROMPT_TOO_LONG.error(
          path,
          "This model's maximum context length is %,d tokens, and '%s' has %,d."
              .formatted(model.contextLength(), path, tokens.length));
    }
    return tokens;
  }
}
