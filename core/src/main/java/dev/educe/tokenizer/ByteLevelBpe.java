package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Byte-pair encoding over bytes, as GPT-2 began it: text is cut into words, and the bytes of each
/// word are merged in the order of a list.
///
/// A text that no token spells is given byte by byte; a byte without a token becomes the unknown
/// token, or nothing where there is none.
final class ByteLevelBpe implements Subword {
  private final Vocabulary vocabulary;
  private final List<Stage> stages;
  private final boolean wholeWords;
  private final int longestPiece;
  private final Symbols symbols;
  private final Merges merges;
  private final int[] byteSymbols = new int[256];

  /// @throws ModelFormatException if the list of merges is missing or damaged
  ByteLevelBpe(Metadata metadata, Vocabulary vocabulary, PreTokenizer family)
      throws ModelFormatException {
    this.vocabulary = vocabulary;
    this.stages = family.stages();
    this.wholeWords = family.has(PreTokenizer.Trait.WHOLE_WORDS);
    this.symbols = new Symbols(vocabulary);
    for (int value = 0; value < 256; value++) {
      byteSymbols[value] = symbols.of(String.valueOf(ByteAlphabet.character(value)));
    }
    this.merges = MergeList.read(metadata, symbols);
    int longest = 0;
    for (int token = 0; token < vocabulary.size(); token++) {
      longest = Math.max(longest, vocabulary.piece(token).length());
    }
    this.longestPiece = longest;
  }

  @Override
  public void encode(String text, Ids ids) {
    var merger = new Merger(merges);
    var ends = PreTokenizer.split(stages, text);
    int from = 0;
    for (int i = 0; i < ends.size(); i++) {
      encodeWord(text.substring(from, ends.get(i)).getBytes(StandardCharsets.UTF_8), merger, ids);
      from = ends.get(i);
    }
  }

  private void encodeWord(byte[] word, Merger merger, Ids ids) {
    if (wholeWords && word.length <= longestPiece) {
      int symbol = symbols.find(spell(word));
      if (symbols.isToken(symbol)) {
        ids.add(symbol);
        return;
      }
    }
    merger.begin(word.length);
    for (int i = 0; i < word.length; i++) {
      merger.set(i, byteSymbols[word[i] & 0xff]);
    }
    merger.run();
    for (int i = 0; i < word.length; i = merger.next(i)) {
      if (symbols.isToken(merger.symbol(i))) {
        ids.add(merger.symbol(i));
      } else {
        for (int j = i; j < merger.next(i); j++) {
          addByte(word[j], ids);
        }
      }
    }
  }

  private void addByte(byte value, Ids ids) {
    int symbol = byteSymbols[value & 0xff];
    if (symbols.isToken(symbol)) {
      ids.add(symbol);
    } else {
      vocabulary.roles().unknown().ifPresent(ids::add);
    }
  }

  private static String spell(byte[] word) {
    var characters = new char[word.length];
    for (int i = 0; i < word.length; i++) {
      characters[i] = ByteAlphabet.character(word[i]);
    }
    return new String(characters);
  }

  /// A piece with a character outside the alphabet is taken as it stands, as added tokens are.
  @Override
  public byte[] bytes(int token) {
    String piece = vocabulary.piece(token);
    var bytes = new byte[piece.length()];
    for (int i = 0; i < bytes.length; i++) {
      int value = ByteAlphabet.value(piece.charAt(i));
      if (value < 0) {
        return piece.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }

  @Override
  public boolean addsSpace() {
    return false;
  }
}
