package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import java.util.OptionalInt;

/// Turns text into the ids that a model was trained on, and ids back into bytes of text.
///
/// Immutable and thread-safe.
public interface Tokenizer {
  /// The tokenizer that a checkpoint describes; a file with nothing but a vocabulary is enough.
  ///
  /// @throws ModelFormatException if the vocabulary is damaged
  /// @throws dev.educe.format.UnsupportedModelException if its kind is unknown
  static Tokenizer of(Metadata metadata) throws ModelFormatException {
    throw new UnsupportedOperationException();
  }

  /// Ids of a text, as the checkpoint wants a prompt to begin: with BOS and EOS where it says so.
  ///
  /// @param special whether the text of special tokens is read as those tokens, or as plain text
  int[] encode(CharSequence text, boolean special);

  /// Ids of a piece of text with nothing added before or after.
  int[] encodePlain(CharSequence text, boolean special);

  /// The bytes a token stands for: UTF-8, perhaps a part of a character; empty for control tokens.
  ///
  /// @throws IndexOutOfBoundsException if there is no such token
  byte[] bytes(int token);

  /// The token as the vocabulary spells it: `▁Once`, `<0x0A>`, `<s>`.
  ///
  /// @throws IndexOutOfBoundsException if there is no such token
  String piece(int token);

  /// Whether it is a token that is never text, as `<s>`.
  boolean isControl(int token);

  /// Whether generation ends with this token: EOS, end of turn, and the like.
  boolean endsGeneration(int token);

  /// How many tokens there are.
  int vocabularySize();

  /// The token that begins a text, if the checkpoint names one.
  OptionalInt bos();

  /// The token that ends a text, if the checkpoint names one.
  OptionalInt eos();

  /// Decodes a stream of tokens of one text, never cutting a character.
  Decoder decoder();

  /// The text of ids: [#decoder] over all of them.
  default String decode(int... tokens) {
    var decoder = decoder();
    var text = new StringBuilder();
    for (int token : tokens) {
      text.append(decoder.next(token));
    }
    return text.append(decoder.finish()).toString();
  }

  /// Text that grows token by token. Not thread-safe.
  interface Decoder {
    /// The text that this token completes: empty while a character is unfinished.
    String next(int token);

    /// What is left at the end: U+FFFD for an unfinished character, else empty.
    String finish();
  }
}
