package dev.educe.huggingface;

import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.tokenizer.PreTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// The parts of a `tokenizer.json` that say how text becomes tokens: byte-pair encoding of bytes,
/// as GPT-2 has it, or of characters, as SentencePiece has it.
///
/// Source: huggingface/tokenizers, the serialized forms of its normalizers, pre-tokenizers and
/// models.
record TokenizerFile(Fields file, Fields model) {
  private static final int TOKENS_MAX = 1 << 24;

  static TokenizerFile of(Fields file) throws ModelFormatException {
    var model = file.object("model").orElseThrow(() -> file.wrong("model", "an object"));
    String type = model.text("type").orElse(model.has("merges") ? "BPE" : "");
    if (!type.equals("BPE")) {
      throw new UnsupportedModelException(
          "%s: vocabularies of type '%s' are not supported; there is BPE"
              .formatted(file.source(), ModelFormatException.excerpt(type)));
    }
    return new TokenizerFile(file, model);
  }

  /// A token that is looked for in texts before anything else.
  record Added(int id, String text, boolean isSpecial) {}

  /// Whether tokens are spelled in characters, with byte tokens for the rest, and not in bytes.
  ///
  /// @throws UnsupportedModelException if it is neither
  boolean isOfCharacters() throws ModelFormatException {
    boolean ofBytes =
        stages("pre_tokenizer", "pretokenizers").stream()
            .anyMatch(stage -> isOfType(stage, "ByteLevel"));
    if (!ofBytes && !model.flag("byte_fallback").orElse(false)) {
      throw new UnsupportedModelException(
          file.source()
              + ": tokens are spelled neither in bytes (ByteLevel) nor in characters with"
              + " byte_fallback, which is not supported");
    }
    return !ofBytes;
  }

  /// The pieces by id, `null` where there is none.
  ///
  /// @param size how many tokens the model has
  String[] pieces(long size) throws ModelFormatException {
    Fields vocabulary =
        model.object("vocab").orElseThrow(() -> file.wrong("model.vocab", "an object"));
    if (size < 1 || size > TOKENS_MAX) {
      throw new ModelFormatException(
          "%s: the model has %d tokens; it must have 1 to %d"
              .formatted(file.source(), size, TOKENS_MAX));
    }
    var pieces = new String[(int) size];
    for (String piece : vocabulary.names()) {
      long id = vocabulary.integer(piece).orElse(-1);
      if (id < 0 || id >= size) {
        throw new ModelFormatException(
            String.format(
                Locale.ROOT,
                "%s: the token '%s' has the id %d, but the model has %,d tokens",
                file.source(),
                ModelFormatException.excerpt(piece),
                id,
                size));
      }
      if (pieces[(int) id] != null) {
        throw new ModelFormatException(
            "%s: '%s' and '%s' have the same id %d"
                .formatted(
                    file.source(),
                    ModelFormatException.excerpt(pieces[(int) id]),
                    ModelFormatException.excerpt(piece),
                    id));
      }
      pieces[(int) id] = piece;
    }
    return pieces;
  }

  /// Tokens beside the vocabulary, or in it under another light.
  List<Added> added() throws ModelFormatException {
    var added = new ArrayList<Added>();
    for (Fields each : file.objects("added_tokens")) {
      long id = each.integer("id").orElse(-1);
      String text = each.text("content").orElse("");
      if (id < 0 || id > TOKENS_MAX || text.isEmpty()) {
        throw file.wrong("added_tokens", "a list of tokens with id and content");
      }
      added.add(new Added((int) id, text, each.flag("special").orElse(false)));
    }
    return added;
  }

  /// Pairs of texts, merged in this order.
  List<List<String>> merges() throws ModelFormatException {
    var merges = new ArrayList<List<String>>();
    for (JsonNode each : model.list("merges")) {
      List<String> pair = List.of();
      if (each.isString()) {
        String text = each.stringValue();
        int space = text.indexOf(' ', 1); // the first text may be a space
        pair = space < 0 ? pair : List.of(text.substring(0, space), text.substring(space + 1));
      } else if (each.isArray() && each.size() == 2 && each.get(0).isString()) {
        pair = each.get(1).isString() ? texts(each) : pair;
      }
      if (pair.isEmpty() || pair.getFirst().isEmpty() || pair.getLast().isEmpty()) {
        throw file.wrong("model.merges", "a list of pairs of texts");
      }
      merges.add(pair);
    }
    return merges;
  }

  private static List<String> texts(JsonNode pair) {
    return List.of(pair.get(0).stringValue(), pair.get(1).stringValue());
  }

  /// The token for what no other spells.
  Optional<String> unknown() throws ModelFormatException {
    return model.text("unk_token");
  }

  /// Whether each text begins with a space of its own.
  boolean addsSpace() throws ModelFormatException {
    for (Fields stage : stages("normalizer", "normalizers")) {
      if (isOfType(stage, "Prepend")) {
        return true;
      }
    }
    for (Fields stage : stages("pre_tokenizer", "pretokenizers")) {
      if (isOfType(stage, "Metaspace")) {
        String scheme = stage.text("prepend_scheme").orElse("always");
        return stage.flag("add_prefix_space").orElse(true) && !scheme.equals("never");
      }
    }
    return false;
  }

  /// The token that the post-processor puts before a text, if it puts one.
  Optional<String> first() throws ModelFormatException {
    for (Fields stage : stages("post_processor", "processors")) {
      if (isOfType(stage, "TemplateProcessing")) {
        var single = stage.objects("single");
        if (!single.isEmpty() && single.getFirst().has("SpecialToken")) {
          return single.getFirst().object("SpecialToken").get().text("id");
        }
      }
    }
    return Optional.empty();
  }

  /// Refuses what would change a text before it is cut into tokens.
  ///
  /// @throws UnsupportedModelException if there is such a step
  void refuseNormalizers() throws ModelFormatException {
    List<String> known =
        isOfCharacters() ? List.of("Prepend", "Replace") : List.of("NFC"); // as all readers of GGUF
    for (Fields stage : stages("normalizer", "normalizers")) {
      String type = stage.text("type").orElse("");
      if (!known.contains(type)) {
        throw new UnsupportedModelException(
            "%s: the normalizer '%s' is not supported"
                .formatted(file.source(), ModelFormatException.excerpt(type)));
      }
    }
  }

  /// The name of how text is cut into words.
  ///
  /// @throws UnsupportedModelException if it is not recognized
  String preTokenizer() throws ModelFormatException {
    var expressions = new ArrayList<String>();
    boolean isKnown = true;
    for (Fields stage : stages("pre_tokenizer", "pretokenizers")) {
      switch (stage.text("type").orElse("")) {
        case "Split" -> {
          var pattern = stage.object("pattern");
          var regex = pattern.isPresent() ? pattern.get().text("Regex") : Optional.<String>empty();
          boolean isPlain =
              stage.text("behavior").orElse("").equals("Isolated")
                  && !stage.flag("invert").orElse(false);
          isKnown &= regex.isPresent() && isPlain;
          regex.ifPresent(expressions::add);
        }
        case "Digits" ->
            expressions.add(stage.flag("individual_digits").orElse(false) ? "\\p{N}" : "\\p{N}+");
        case "ByteLevel" -> {
          isKnown &= !stage.flag("add_prefix_space").orElse(false);
          if (stage.flag("use_regex").orElse(true)) {
            expressions.add(PreTokenizer.gpt2Expression());
          }
        }
        default -> isKnown = false;
      }
    }
    boolean wholeWords = model.flag("ignore_merges").orElse(false);
    var name = isKnown ? PreTokenizer.nameFor(expressions, wholeWords) : Optional.<String>empty();
    return name.orElseThrow(() ->
        new UnsupportedModelException(
            "%s: how it cuts text into words is not recognized; if you know what llama.cpp calls"
                    .formatted(file.source())
                + " it, give that name by --pre, one of "
                + String.join(", ", PreTokenizer.allNames())));
  }

  /// A step, or those of a sequence; empty if there is none.
  private List<Fields> stages(String name, String ofSequence) throws ModelFormatException {
    var step = file.object(name);
    if (step.isEmpty()) {
      return List.of();
    }
    return isOfType(step.get(), "Sequence") ? step.get().objects(ofSequence) : List.of(step.get());
  }

  private static boolean isOfType(Fields stage, String type) {
    return stage.is("type", type);
  }
}
