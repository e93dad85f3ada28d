package dev.educe.huggingface;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Writes the `tokenizer.json` that a GGUF file's vocabulary might have been made from.
final class Vocabularies {
  private static final int NORMAL = 1;
  private static final int BYTE = 6;

  private Vocabularies() {}

  static Map<String, Object> tokenizer(Metadata metadata) throws ModelFormatException {
    boolean ofCharacters = metadata.string("tokenizer.ggml.model").equals("llama");
    var tokens = metadata.findStrings("tokenizer.ggml.tokens").orElseThrow();
    var kinds = metadata.findIntegers("tokenizer.ggml.token_type").orElseThrow();
    var vocabulary = new LinkedHashMap<String, Object>();
    var added = new ArrayList<Map<String, Object>>();
    for (int id = 0; id < tokens.size(); id++) {
      boolean isAdded = kinds[id] != NORMAL && kinds[id] != BYTE;
      if (isAdded) {
        added.add(Map.of("id", id, "content", tokens.get(id), "special", kinds[id] != 4));
      }
      if (!isAdded || ofCharacters) {
        vocabulary.put(tokens.get(id), id);
      }
    }
    var model = new LinkedHashMap<String, Object>();
    model.put("type", "BPE");
    model.put("vocab", vocabulary);
    model.put("byte_fallback", ofCharacters);
    if (ofCharacters) {
      model.put("unk_token", tokens.getFirst());
      model.put(
          "merges", merges(tokens, metadata.findFloats("tokenizer.ggml.scores").get(), kinds));
    } else {
      model.put("merges", metadata.findStrings("tokenizer.ggml.merges").orElseThrow());
    }
    var file = new LinkedHashMap<String, Object>();
    file.put("added_tokens", added);
    file.put("normalizer", ofCharacters ? spaces() : null);
    file.put("pre_tokenizer", null);
    file.put("model", model);
    return file;
  }

  static Map<String, Object> config(Metadata metadata) throws ModelFormatException {
    var tokens = metadata.findStrings("tokenizer.ggml.tokens").orElseThrow();
    var config = new LinkedHashMap<String, Object>();
    config.put("add_bos_token", metadata.findFlag("tokenizer.ggml.add_bos_token").orElse(true));
    for (String role : List.of("bos", "eos")) {
      var id = metadata.findInteger("tokenizer.ggml." + role + "_token_id");
      if (id.isPresent()) {
        String text = tokens.get((int) id.getAsLong());
        config.put(role + "_token", role.equals("bos") ? Map.of("content", text) : text);
      }
    }
    return config;
  }

  private static Map<String, Object> spaces() {
    return Map.of(
        "type",
        "Sequence",
        "normalizers",
        List.of(
            Map.of("type", "Prepend", "prepend", "▁"),
            Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "▁")));
  }

  /// As transformers makes them of SentencePiece's scores: all cuts of the best piece first.
  private static List<List<String>> merges(List<String> tokens, float[] scores, long[] kinds) {
    var ids = new HashMap<String, Integer>();
    IntStream.range(0, tokens.size())
        .filter(id -> kinds[id] == NORMAL)
        .forEach(id -> ids.put(tokens.get(id), id));
    var merges = new ArrayList<List<String>>();
    var best = new ArrayList<>(ids.values());
    best.sort(Comparator.comparingDouble((Integer id) -> -scores[id]).thenComparingInt(id -> id));
    for (int id : best) {
      String piece = tokens.get(id);
      for (int cut = 1; cut < piece.length(); cut++) {
        var pair = List.of(piece.substring(0, cut), piece.substring(cut));
        if (ids.keySet().containsAll(pair)) {
          merges.add(pair);
        }
      }
    }
    return merges;
  }
}
