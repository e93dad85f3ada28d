package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import java.util.BitSet;
import java.util.OptionalInt;

/// Turns text into the ids that a model was trained on, and ids back into bytes of text.
///
/// Half a surrogate pair, which is no character, is read as U+FFFD. Plain text never becomes a
/// control token, whatever it spells; only where special tokens are asked for does `</s>` become
/// one. Immutable and thread-safe.
public interface Tokenizer {
  /// The tokenizer that a checkpoint describes; a file with nothing but a vocabulary is enough.
  ///
  /// @throws ModelFormatException if the vocabulary is damaged
  /// @throws dev.educe.format.UnsupportedModelException if its kind is unknown
  static Tokenizer of(Metadata metadata) throws ModelFormatException {
    return SubwordTokenizer.of(metadata);
  }

  /// Ids of a text, as the checkpoint wants a prompt to begin: with BOS and EOS where it says so.
  ///
  /// @param special whether the text of special tokens is read as those tokens, or as plain text
  int[] encode(CharSequence text, boolean special);

  /// Ids of a piece of text with no BOS or EOS added.
  ///
  /// A vocabulary that begins each text with a space of its own does so here too.
  int[] encodePlain(CharSequence text, boolean special);

  /// Ids of a conversation that a template rendered, for the model to go on with: special tokens
  /// are read where no unit is plain, and what lies between them is one text. BOS comes first where
  /// the checkpoint wants it and the template has not written it; EOS is not added.
  ///
  /// @param plain the UTF-16 units that no special token may cover: what a user wrote
  int[] encodeTurns(CharSequence text, BitSet plain);

  /// The bytes a token stands for: UTF-8, perhaps a part of a character; empty for control tokens
  /// and the unknown one.
  ///
  /// @throws IndexOutOfBoundsException if there is no such token
  byte[] bytes(int token);

  /// The token as the vocabulary spells it: `▁Once`, `<0x0A>`, `<s>`.
  ///
  /// @throws IndexOutOfBoundsException if there is no such token
  String piece(int token);

  /// Whether it is a token that is never text, as `<s>`.
  ///
  /// @throws IndexOutOfBoundsException if there is no such token
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
  ///
  /// Vocabularies that begin each text with a space of their own lose it again where the text
  /// begins, and only there. So a decoder of a continuation must know what it continues: give it
  /// the prompt's ids, and the texts of prompt and continuation together are the text of all.
  ///
  /// @param before the tokens that come before the stream, whose text is not given
  Decoder decoder(int... before);

  /// As [#decoder], but control tokens have the text of their spelling: for whoever reads markup.
  Decoder markupDecoder(int... before);

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
