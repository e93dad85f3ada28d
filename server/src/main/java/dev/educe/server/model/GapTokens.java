package dev.educe.server.model;

import dev.educe.Model;
import dev.educe.format.ModelFormatException;
import dev.educe.server.model.ServedModel.Gap;
import dev.educe.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Finds the tokens by which a model of code is asked to fill a gap.
final class GapTokens {
  /// One mark, by what files call it, and by how families spell it.
  private record Mark(List<String> keys, List<String> pieces) {}

  private static final Mark BEFORE =
      new Mark(
          List.of("fim_pre_token_id", "prefix_token_id"),
          List.of(
              "<|fim_prefix|>",
              "<fim-prefix>",
              "<fim_prefix>",
              "<\uff5cfim\u2581begin\uff5c>",
              "\u2581<PRE>",
              "<PRE>",
              "<|code_prefix|>"));

  private static final Mark AFTER =
      new Mark(
          List.of("fim_suf_token_id", "suffix_token_id"),
          List.of(
              "<|fim_suffix|>",
              "<fim-suffix>",
              "<fim_suffix>",
              "<\uff5cfim\u2581hole\uff5c>",
              "\u2581<SUF>",
              "<SUF>",
              "<|code_suffix|>"));

  private static final Mark HERE =
      new Mark(
          List.of("fim_mid_token_id", "middle_token_id"),
          List.of(
              "<|fim_middle|>",
              "<fim-middle>",
              "<fim_middle>",
              "<\uff5cfim\u2581end\uff5c>",
              "\u2581<MID>",
              "<MID>",
              "<|code_middle|>"));

  private GapTokens() {}

  /// @throws ModelFormatException if a key has no integer
  static Optional<Gap> of(Model model) throws ModelFormatException {
    var before = find(model, BEFORE);
    var after = find(model, AFTER);
    var here = find(model, HERE);
    return before.isPresent() && after.isPresent() && here.isPresent()
        ? Optional.of(new Gap(before.getAsInt(), after.getAsInt(), here.getAsInt()))
        : Optional.empty();
  }

  private static OptionalInt find(Model model, Mark mark) throws ModelFormatException {
    Tokenizer tokenizer = model.tokenizer();
    for (String key : mark.keys()) {
      var id = model.metadata().findInteger("tokenizer.ggml." + key);
      if (id.isPresent() && id.getAsLong() >= 0 && id.getAsLong() < tokenizer.vocabularySize()) {
        return OptionalInt.of((int) id.getAsLong());
      }
    }
    for (String piece : mark.pieces()) {
      int[] tokens = tokenizer.encodePlain(piece, true);
      if (tokens.length == 1 && tokenizer.isControl(tokens[0])) {
        return OptionalInt.of(tokens[0]);
      }
    }
    return OptionalInt.empty();
  }
}
