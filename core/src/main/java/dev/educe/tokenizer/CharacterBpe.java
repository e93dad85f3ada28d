package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Byte-pair encoding over characters, as SentencePiece does it: spaces are spelled `▁`, and a
/// character that no token spells is given in bytes, `<0xE2><0x96><0x81>`.
///
/// Where the vocabulary lacks one of these, the character becomes the unknown token, or nothing
/// where there is none.
///
/// Source: Kudo and Richardson 2018, "SentencePiece"; llama.cpp, `llama-vocab.cpp`.
final class CharacterBpe implements Subword {
  private final Vocabulary vocabulary;
  private final Symbols symbols;
  private final Merges merges;
  private final List<Stage> stages;
  private final boolean addsSpace;
  private final boolean wholeLineFeeds;
  private final int[] characterSymbols; // by code point; noSymbol for a character in no text
  private final int noSymbol;

  private CharacterBpe(
      Vocabulary vocabulary,
      Symbols symbols,
      Merges merges,
      List<Stage> stages,
      boolean addsSpace,
      boolean wholeLineFeeds) {
    this.vocabulary = vocabulary;
    this.symbols = symbols;
    this.merges = merges;
    this.stages = stages;
    this.addsSpace = addsSpace;
    this.wholeLineFeeds = wholeLineFeeds;
    this.noSymbol = symbols.find("");
    this.characterSymbols = characterSymbols(symbols, noSymbol);
  }

  /// A vocabulary of SentencePiece's, `tokenizer.ggml.model = llama`.
  ///
  /// @throws ModelFormatException if the scores are damaged
  static CharacterBpe byScores(Metadata metadata, Vocabulary vocabulary)
      throws ModelFormatException {
    var symbols = new Symbols(vocabulary);
    symbols.of("");
    var scores = VocabularyReader.scores(metadata, vocabulary.size());
    boolean addsSpace = metadata.findFlag("tokenizer.ggml.add_space_prefix").orElse(true);
    var merges = ScoreMerges.of(scores, symbols);
    return new CharacterBpe(vocabulary, symbols, merges, List.of(), addsSpace, false);
  }

  /// A vocabulary with a list of merges over characters, as Gemma 4 has.
  ///
  /// @throws ModelFormatException if the list of merges is missing or damaged
  static CharacterBpe byList(Metadata metadata, Vocabulary vocabulary, PreTokenizer family)
      throws ModelFormatException {
    var symbols = new Symbols(vocabulary);
    symbols.of("");
    var merges = MergeList.read(metadata, symbols);
    boolean wholeLineFeeds = family.has(PreTokenizer.Trait.WHOLE_LINE_FEEDS);
    return new CharacterBpe(vocabulary, symbols, merges, family.stages(), false, wholeLineFeeds);
  }

  @Override
  public void encode(String text, Ids ids) {
    String spelled = ((addsSpace ? " " : "") + text).replace(' ', Vocabulary.SPACE);
    var merger = new Merger(merges);
    var ends = PreTokenizer.split(stages, spelled);
    int from = 0;
    for (int i = 0; i < ends.size(); i++) {
      encodeLine(spelled.substring(from, ends.get(i)), merger, ids);
      from = ends.get(i);
    }
  }

  private void encodeLine(String line, Merger merger, Ids ids) {
    if (wholeLineFeeds && line.charAt(0) == '\n' && symbols.isToken(symbols.find(line))) {
      ids.add(symbols.find(line)); // a line is nothing but line feeds, or has none
      return;
    }
    int[] characters = line.codePoints().toArray();
    merger.begin(characters.length);
    for (int i = 0; i < characters.length; i++) {
      int c = characters[i];
      merger.set(i, c < characterSymbols.length ? characterSymbols[c] : noSymbol);
    }
    merger.run();
    for (int i = 0; i < characters.length; i = merger.next(i)) {
      if (symbols.isToken(merger.symbol(i))) {
        ids.add(merger.symbol(i));
      } else {
        for (int j = i; j < merger.next(i); j++) {
          addBytes(characters[j], ids);
        }
      }
    }
  }

  private void addBytes(int character, Ids ids) {
    byte[] bytes = Character.toString(character).getBytes(StandardCharsets.UTF_8);
    for (byte value : bytes) {
      if (vocabulary.byteToken(value) < 0) {
        vocabulary.roles().unknown().ifPresent(ids::add);
        return;
      }
    }
    for (byte value : bytes) {
      ids.add(vocabulary.byteToken(value));
    }
  }

  @Override
  public byte[] bytes(int token) {
    return vocabulary.piece(token).replace(Vocabulary.SPACE, ' ').getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public boolean addsSpace() {
    return addsSpace;
  }

  private static int[] characterSymbols(Symbols symbols, int noSymbol) {
    int[] table = {};
    for (int symbol = 0; symbol < symbols.count(); symbol++) {
      String text = symbols.text(symbol);
      boolean single = !text.isEmpty() && text.length() == Character.charCount(text.codePointAt(0));
      if (single && symbols.find(text) == symbol) {
        int c = text.codePointAt(0);
        if (c >= table.length) {
          int old = table.length;
          table = Arrays.copyOf(table, Math.min(Math.max(c + 1, 2 * old), 0x110000));
          Arrays.fill(table, old, table.length, noSymbol);
        }
        table[c] = symbol;
      }
    }
    return table;
  }
}
