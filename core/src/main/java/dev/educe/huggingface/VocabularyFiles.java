package dev.educe.huggingface;

import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.tokenizer.PreTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// A checkpoint's vocabulary as the keys `tokenizer.*` of a GGUF file.
///
/// Source: llama.cpp, `convert_hf_to_gguf.py` and `gguf-py`, `vocab.py`, for kinds of tokens and
/// where their roles are looked for.
final class VocabularyFiles {
  private static final String TOKENIZER = "tokenizer.json";

  /// GGUF's kinds of tokens.
  private static final int NORMAL = 1;

  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private static final Pattern BYTE_TOKEN = Pattern.compile("<0x[0-9A-F]{2}>");

  /// Some families do not mark all their control tokens as special.
  private static final Pattern LOOKS_SPECIAL = Pattern.compile("<\\|.*\\|>|<｜.*｜>|<pad>|<mask>");

  private final TokenizerFile tokenizer;
  private final Fields config;
  private final Fields generation;
  private final long bytes;
  private final Map<String, Integer> ids = new HashMap<>();

  private VocabularyFiles(TokenizerFile tokenizer, Fields config, Fields generation, long bytes) {
    this.tokenizer = tokenizer;
    this.config = config;
    this.generation = generation;
    this.bytes = bytes;
  }

  /// @throws IOException if `tokenizer.json` is missing, or a file cannot be read
  static VocabularyFiles read(Path folder) throws IOException {
    Path file = folder.resolve(TOKENIZER);
    if (!Files.isRegularFile(file)) {
      boolean hasModel = Files.isRegularFile(folder.resolve("tokenizer.model"));
      throw new NoSuchFileException(
          file.toString(),
          null,
          hasModel
              ? "a tokenizer.model alone is not read; transformers'"
                  + " AutoTokenizer.from_pretrained(…).save_pretrained(…) writes a tokenizer.json"
              : "the vocabulary is read from there");
    }
    return new VocabularyFiles(
        TokenizerFile.of(Fields.read(file)),
        Fields.readIfThere(folder.resolve("tokenizer_config.json")),
        Fields.readIfThere(folder.resolve("generation_config.json")),
        Files.size(file));
  }

  /// Bytes of the file that has most of it.
  long bytes() {
    return bytes;
  }

  /// Puts all keys.
  ///
  /// @param preTokenizer how text is cut into words, if the user knows
  void put(Keys keys, Config model, Optional<String> preTokenizer) throws ModelFormatException {
    tokenizer.refuseNormalizers();
    boolean ofCharacters = tokenizer.isOfCharacters();
    String[] pieces = tokenizer.pieces(model.vocabularySize());
    long[] kinds = kinds(pieces);
    fill(pieces, kinds);
    keys.put("tokenizer.ggml.model", ofCharacters ? "llama" : "gpt2");
    keys.put("tokenizer.ggml.pre", ofCharacters ? "default" : family(preTokenizer));
    keys.put("tokenizer.ggml.tokens", new MetadataValue.Texts(List.of(pieces)));
    keys.put("tokenizer.ggml.token_type", new MetadataValue.Ints(IntType.INT32, kinds));
    if (ofCharacters) {
      keys.put("tokenizer.ggml.scores", new MetadataValue.Numbers(false, scores(pieces)));
      keys.put("tokenizer.ggml.add_space_prefix", tokenizer.addsSpace());
    } else {
      keys.put("tokenizer.ggml.merges", new MetadataValue.Texts(merges()));
    }
    putRoles(keys, model.fields(), ofCharacters);
    putTemplate(keys);
  }

  private String family(Optional<String> known) throws ModelFormatException {
    if (known.isEmpty()) {
      return tokenizer.preTokenizer();
    }
    if (!PreTokenizer.allNames().contains(known.get())) {
      throw new UnsupportedModelException(
          "the pre-tokenizer '%s' is not known; there are %s"
              .formatted(known.get(), String.join(", ", PreTokenizer.allNames())));
    }
    return known.get();
  }

  /// The kind of each token, 0 where there is none; puts added tokens among the pieces.
  private long[] kinds(String[] pieces) throws ModelFormatException {
    boolean ofCharacters = tokenizer.isOfCharacters();
    var kinds = new long[pieces.length];
    for (int id = 0; id < pieces.length; id++) {
      if (pieces[id] != null) {
        boolean isByte = ofCharacters && BYTE_TOKEN.matcher(pieces[id]).matches();
        kinds[id] = isByte ? BYTE : NORMAL;
      }
    }
    for (var added : tokenizer.added()) {
      if (added.id() >= pieces.length) {
        continue; // the model has no embedding for it
      }
      boolean isSpecial = added.isSpecial() || LOOKS_SPECIAL.matcher(added.text()).matches();
      // What is looked for in a text is looked for as it is, not as it would be spelled in pieces.
      pieces[added.id()] = isSpecial ? added.text() : added.text().replace('▁', ' ');
      kinds[added.id()] = isSpecial ? CONTROL : USER_DEFINED;
    }
    for (int id = 0; id < pieces.length; id++) {
      if (pieces[id] != null) {
        ids.put(pieces[id], id);
      }
    }
    if (ofCharacters) {
      tokenizer.unknown().map(ids::get).ifPresent(id -> kinds[id] = UNKNOWN);
    }
    return kinds;
  }

  /// Models have more rows than tokens, so that rows are a multiple of something.
  private static void fill(String[] pieces, long[] kinds) {
    for (int id = 0; id < pieces.length; id++) {
      if (pieces[id] == null) {
        pieces[id] = "[PAD" + id + "]";
        kinds[id] = UNUSED;
      }
    }
  }

  /// The earlier a piece is merged, the higher it scores; SentencePiece's own scores are in that
  /// order.
  private double[] scores(String[] pieces) throws ModelFormatException {
    var scores = new double[pieces.length];
    var merges = tokenizer.merges();
    for (int rank = merges.size() - 1; rank >= 0; rank--) {
      Integer id = ids.get(String.join("", merges.get(rank)));
      if (id != null) {
        scores[id] = -rank;
      }
    }
    return scores;
  }

  /// As one text each, with a space between.
  private List<String> merges() throws ModelFormatException {
    return tokenizer.merges().stream()
        .map(pair -> pair.getFirst().replace(' ', 'Ġ') + " " + pair.getLast().replace(' ', 'Ġ'))
        .toList();
  }

  private void putRoles(Keys keys, Fields model, boolean ofCharacters) throws ModelFormatException {
    var bos = role("bos", model);
    var eos = role("eos", model);
    bos.ifPresent(id -> keys.put("tokenizer.ggml.bos_token_id", id));
    eos.ifPresent(id -> keys.put("tokenizer.ggml.eos_token_id", id));
    role("pad", model).ifPresent(id -> keys.put("tokenizer.ggml.padding_token_id", id));
    var unknown = role("unk", model);
    if (unknown.isEmpty()) {
      unknown = tokenizer.unknown().map(ids::get).map(Integer::longValue);
    }
    unknown.ifPresent(id -> keys.put("tokenizer.ggml.unknown_token_id", id));
    // Others that end a text: of a turn, of a message.
    var ends = generation.integers("eos_token_id").stream().filter(this::isToken).toList();
    var others = ends.stream().filter(id -> !Optional.of(id).equals(eos)).toList();
    if (!others.isEmpty()) {
      keys.put("tokenizer.ggml.eot_token_id", others.getFirst());
    }
    if (others.size() > 1) {
      keys.put("tokenizer.ggml.eom_token_id", others.get(1));
    }
    if (bos.isPresent()) {
      boolean isFirst = tokenizer.first().map(ids::get).map(Integer::longValue).equals(bos);
      keys.put("tokenizer.ggml.add_bos_token", config.flag("add_bos_token").orElse(isFirst));
    }
    if (eos.isPresent()) {
      keys.put("tokenizer.ggml.add_eos_token", config.flag("add_eos_token").orElse(false));
    }
  }

  private boolean isToken(long id) {
    return id >= 0 && ids.containsValue((int) id);
  }

  /// The token of a role: by its text in `tokenizer_config.json`, else by its id in
  /// `generation_config.json` or `config.json`.
  private Optional<Long> role(String role, Fields model) throws ModelFormatException {
    String name = role + "_token";
    Optional<String> text =
        config.isText(name) || !config.has(name)
            ? config.text(name)
            : config.object(name).get().text("content");
    if (text.isPresent() && ids.containsKey(text.get())) {
      return Optional.of((long) ids.get(text.get()));
    }
    for (Fields fields : List.of(generation, model)) {
      var first = fields.integers(name + "_id").stream().filter(this::isToken).findFirst();
      if (first.isPresent()) {
        return first;
      }
    }
    return Optional.empty();
  }

  /// One template, or several by name.
  private void putTemplate(Keys keys) throws ModelFormatException {
    var name = "chat_template";
    if (config.isText(name)) {
      keys.put("tokenizer.chat_template", config.text(name).orElseThrow());
      return;
    }
    for (Fields each : config.objects(name)) {
      String which = each.text("name").orElse("default");
      String text = each.text("template").orElse("");
      if (which.equals("default")) {
        keys.put("tokenizer.chat_template", text);
      } else if (Set.of("tool_use", "rag").contains(which)) {
        keys.put("tokenizer.chat_template." + which, text);
      }
    }
  }
}
