package dev.educe.tokenizer;

import dev.educe.format.ModelFormatException;
import dev.educe.tokenizer.Vocabulary.Kind;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// Finds the tokens that end generation: those that keys name, and those known by their spelling.
///
/// Checkpoints name one end of text, and chat models end a turn with another token that no key
/// mentions. So the spellings that families use are listed here, as every engine lists them.
///
/// Source: llama.cpp, `llama-vocab.cpp`, "end-of-generation".
final class EndTokens {
  private static final String END = "<|end|>";
  private static final List<String> ENDS =
      List.of(
          "<|eot_id|>",
          "<|im_end|>",
          END,
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>",
          "<turn|>",
          "<|tool_response>",
          "<\uff5cend\u2581of\u2581sentence\uff5c>",
          "[e~[");

  // Parts of code to be filled in: nothing sensible follows these.
  private static final Map<String, List<String>> FILL_IN_ENDS =
      Map.of(
          "tokenizer.ggml.fim_pad_token_id",
          List.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
          "tokenizer.ggml.fim_rep_token_id",
          List.of("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
          "tokenizer.ggml.fim_sep_token_id",
          List.of("<|file_sep|>"));

  // Marks of the same, which do not end anything.
  private static final List<String> MARKS =
      List.of(
          "<|fim_prefix|>",
          "<fim-prefix>",
          "<fim_prefix>",
          "<\uff5cfim\u2581begin\uff5c>",
          "<PRE>",
          "\u2581<PRE>",
          "<|code_prefix|>",
          "<|prefix|>",
          "<|fim_suffix|>",
          "<fim-suffix>",
          "<fim_suffix>",
          "<\uff5cfim\u2581hole\uff5c>",
          "<SUF>",
          "\u2581<SUF>",
          "<|code_suffix|>",
          "<|suffix|>",
          "<|fim_middle|>",
          "<fim-middle>",
          "<fim_middle>",
          "<\uff5cfim\u2581end\uff5c>",
          "<MID>",
          "\u2581<MID>",
          "<|code_middle|>",
          "<|middle|>");

  private EndTokens() {}

  /// Finds a key's token.
  interface Keys {
    OptionalInt find(String key) throws ModelFormatException;
  }

  /// The tokens that end generation, other than EOS itself.
  ///
  /// @param kinds changed: what is spelled as a control token is one, whatever the file says
  static BitSet of(Map<String, Integer> ids, Kind[] kinds, Keys keys) throws ModelFormatException {
    var ends = new BitSet();
    for (String key : List.of("tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id")) {
      keys.find(key).ifPresent(ends::set);
    }
    for (var fillIn : FILL_IN_ENDS.entrySet()) {
      var named = keys.find(fillIn.getKey());
      if (named.isPresent()) {
        ends.set(named.getAsInt());
      } else {
        markControl(fillIn.getValue(), ids, kinds).stream().forEach(ends::set);
      }
    }
    ends.or(markControl(ENDS, ids, kinds));
    markControl(MARKS, ids, kinds);
    exclude(ids, kinds, ends);
    return ends;
  }

  private static BitSet markControl(List<String> pieces, Map<String, Integer> ids, Kind[] kinds) {
    var found = new BitSet();
    for (String piece : pieces) {
      Integer token = ids.get(piece);
      if (token != null) {
        kinds[token] = Kind.CONTROL;
        found.set(token);
      }
    }
    return found;
  }

  /// Two families use a known spelling for something else.
  private static void exclude(Map<String, Integer> ids, Kind[] kinds, BitSet ends) {
    boolean calls = ids.containsKey("<|call|>") || ids.containsKey("<|calls|>");
    boolean channels = ids.containsKey("<|return|>") || ids.containsKey("<|flush|>");
    if (calls && channels && ids.containsKey(END)) {
      ends.clear(ids.get(END)); // ends a message of several, not the turn
      kinds[ids.get(END)] = Kind.USER_DEFINED;
    }
    if (ids.containsKey("<|tool_response>") && ids.containsKey("</s>")) {
      ends.clear(ids.get("</s>")); // an HTML tag
      kinds[ids.get("</s>")] = Kind.NORMAL;
    }
  }
}
