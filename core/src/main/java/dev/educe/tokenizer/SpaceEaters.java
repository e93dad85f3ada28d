package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.tokenizer.Vocabulary.Kind;
import java.util.BitSet;
import java.util.Locale;

/// Special tokens that take the spaces beside them along: those after them in Phi-3, those before
/// the mask in some encoders.
///
/// No key says so; the family's name does. Source: llama.cpp, `llama-vocab.cpp`.
final class SpaceEaters {
  private final BitSet before = new BitSet();
  private final BitSet after = new BitSet();

  private SpaceEaters() {}

  /// @throws ModelFormatException if a key that names the family is not a string
  static SpaceEaters of(Metadata metadata, Vocabulary vocabulary) throws ModelFormatException {
    var eaters = new SpaceEaters();
    String model = metadata.findString("general.name").orElse("").toLowerCase(Locale.ROOT);
    String family = metadata.findString("tokenizer.ggml.pre").orElse("");
    if (family.contains("jina-v2-")) {
      vocabulary.find("<mask>").ifPresent(eaters.before::set);
    } else if (model.contains("phi-3") || model.contains("phi3")) {
      for (int token = 0; token < vocabulary.size(); token++) {
        var kind = vocabulary.kind(token);
        if (kind == Kind.CONTROL || kind == Kind.USER_DEFINED || kind == Kind.UNKNOWN) {
          eaters.after.set(token);
        }
      }
      for (String piece : new String[] {"<unk>", "<s>", "<|endoftext|>"}) {
        vocabulary.find(piece).ifPresent(eaters.after::clear);
      }
    } else if (model.contains("modern-bert")) {
      vocabulary.find("[MASK]").ifPresent(eaters.before::set);
    }
    return eaters;
  }

  /// Where the text before the token ends, which stands at `at`; not before `from`.
  int begin(int token, String text, int from, int at) {
    int begin = at;
    while (before.get(token) && begin > from && isSpace(text.charAt(begin - 1))) {
      begin--;
    }
    return begin;
  }

  /// Where the text goes on after the token, which ends at `at`.
  int end(int token, String text, int at) {
    int end = at;
    while (after.get(token) && end < text.length() && isSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c >= '\t' && c <= '\r';
  }
}
