package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.tokenizer.Vocabulary.Kind;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/// The tokenizer of any subword vocabulary: takes special tokens out of the text and leaves the
/// rest to a [Subword].
final class SubwordTokenizer implements Tokenizer {
  private static final String MODEL = "tokenizer.ggml.model";
  private static final String FAMILY = "tokenizer.ggml.pre";
  private static final String ADD_BOS = "tokenizer.ggml.add_bos_token";
  private static final String ADD_EOS = "tokenizer.ggml.add_eos_token";

  private static final IntUnaryOperator NOWHERE = _ -> -1;
  private static final IntUnaryOperator EVERYWHERE = at -> at;

  private final Vocabulary vocabulary;
  private final Subword subword;
  private final SpecialTokens userDefined; // looked for in any text
  private final SpecialTokens special; // looked for where asked
  private final SpaceEaters spaceEaters;
  private final OptionalInt first; // BOS, if a prompt begins with it
  private final OptionalInt last; // EOS, if a prompt ends with it

  private SubwordTokenizer(
      Metadata metadata, Vocabulary vocabulary, Subword subword, boolean beginsWithBos)
      throws ModelFormatException {
    this.vocabulary = vocabulary;
    this.subword = subword;
    this.userDefined = new SpecialTokens(vocabulary, token -> isSpecial(token, false));
    this.special = new SpecialTokens(vocabulary, token -> isSpecial(token, true));
    this.spaceEaters = SpaceEaters.of(metadata, vocabulary);
    var roles = vocabulary.roles();
    this.first = added(metadata, ADD_BOS, beginsWithBos, VocabularyReader.BOS, roles.bos());
    this.last = added(metadata, ADD_EOS, false, VocabularyReader.EOS, roles.eos());
  }

  /// The tokenizer that a checkpoint describes.
  ///
  /// @throws ModelFormatException if the vocabulary is damaged
  /// @throws UnsupportedModelException if its kind or family is unknown
  static SubwordTokenizer of(Metadata metadata) throws ModelFormatException {
    String model = metadata.string(MODEL);
    switch (model) {
      case "llama" -> {
        var vocabulary = VocabularyReader.read(metadata, true);
        var subword = CharacterBpe.byScores(metadata, vocabulary);
        return new SubwordTokenizer(metadata, vocabulary, subword, true);
      }
      case "gpt2", "gemma4" -> {
        var family = family(metadata, model);
        var vocabulary = VocabularyReader.read(metadata, false);
        var subword =
            family.has(PreTokenizer.Trait.CHARACTERS)
                ? CharacterBpe.byList(metadata, vocabulary, family)
                : new ByteLevelBpe(metadata, vocabulary, family);
        boolean beginsWithBos = family.has(PreTokenizer.Trait.BEGINS_WITH_BOS);
        return new SubwordTokenizer(metadata, vocabulary, subword, beginsWithBos);
      }
      default ->
          throw new UnsupportedModelException(
              "%s: tokenizers of the kind '%s' are not supported; there are llama, gpt2 and gemma4"
                  .formatted(metadata.source(), ModelFormatException.excerpt(model)));
    }
  }

  private static PreTokenizer family(Metadata metadata, String model) throws ModelFormatException {
    if (model.equals("gemma4")) {
      return PreTokenizer.GEMMA_4;
    }
    // Files from before the key was invented have none.
    String name = metadata.findString(FAMILY).orElse("default");
    return PreTokenizer.named(name)
        .orElseThrow(() ->
            new UnsupportedModelException(
                "%s: the pre-tokenizer '%s' is not known; there are %s"
                    .formatted(
                        metadata.source(),
                        ModelFormatException.excerpt(name),
                        String.join(", ", PreTokenizer.allNames()))));
  }

  private static OptionalInt added(
      Metadata metadata, String key, boolean otherwise, String idKey, OptionalInt id)
      throws ModelFormatException {
    var flag = metadata.findFlag(key);
    if (flag.orElse(false) && id.isEmpty()) {
      throw metadata.invalid(key, "false where there is no '%s'".formatted(idKey), "true");
    }
    return flag.orElse(otherwise) ? id : OptionalInt.empty();
  }

  private boolean isSpecial(int token, boolean asked) {
    boolean found =
        switch (vocabulary.kind(token)) {
          case USER_DEFINED -> true;
          case CONTROL, UNKNOWN -> asked;
          case NORMAL, UNUSED, UNDEFINED, BYTE -> false;
        };
    return found && !vocabulary.piece(token).isEmpty();
  }

  @Override
  public int[] encode(CharSequence text, boolean special) {
    var ids = new Ids();
    first.ifPresent(ids::add);
    encode(text, special ? NOWHERE : EVERYWHERE, ids);
    last.ifPresent(ids::add);
    return ids.toArray();
  }

  @Override
  public int[] encodePlain(CharSequence text, boolean special) {
    var ids = new Ids();
    encode(text, special ? NOWHERE : EVERYWHERE, ids);
    return ids.toArray();
  }

  @Override
  public int[] encodeTurns(CharSequence text, BitSet plain) {
    var ids = new Ids();
    encode(text, plain::nextSetBit, ids);
    int[] encoded = ids.toArray();
    if (first.isEmpty() || (encoded.length > 0 && encoded[0] == first.getAsInt())) {
      return encoded;
    }
    return IntStream.concat(IntStream.of(first.getAsInt()), IntStream.of(encoded)).toArray();
  }

  /// @param nextPlain the next place, from one on, that no special token may cover; or -1
  private void encode(CharSequence source, IntUnaryOperator nextPlain, Ids ids) {
    String text = wellFormed(source.toString());
    int plain = -1; // the next place that no special token may cover
    int from = 0; // where the text begins that is not encoded yet
    for (int at = 0; at < text.length(); ) {
      if (plain < at) {
        int next = nextPlain.applyAsInt(at);
        plain = next < 0 ? text.length() : Math.min(next, text.length());
      }
      int token = special.longestAt(text, at, plain);
      if (token < 0) {
        token = userDefined.longestAt(text, at, text.length());
      }
      if (token < 0) {
        at++;
        continue;
      }
      encodeText(text, from, spaceEaters.begin(token, text, from, at), ids);
      ids.add(token);
      from = spaceEaters.end(token, text, at + vocabulary.piece(token).length());
      at = from;
    }
    encodeText(text, from, text.length(), ids);
  }

  private void encodeText(String text, int from, int to, Ids ids) {
    if (from < to) {
      subword.encode(text.substring(from, to), ids);
    }
  }

  /// What an encoder to UTF-8 makes of it: halves of characters become U+FFFD.
  private static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return text.codePoints()
            .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
      }
    }
    return text;
  }

  @Override
  public byte[] bytes(int token) {
    String piece = vocabulary.piece(token);
    return switch (vocabulary.kind(token)) {
      case CONTROL, UNKNOWN -> new byte[0];
      case BYTE -> new byte[] {(byte) Vocabulary.byteValue(piece)};
      case USER_DEFINED -> piece.getBytes(StandardCharsets.UTF_8);
      case NORMAL, UNUSED, UNDEFINED -> subword.bytes(token);
    };
  }

  @Override
  public String piece(int token) {
    return vocabulary.piece(token);
  }

  @Override
  public boolean isControl(int token) {
    return vocabulary.kind(token) == Kind.CONTROL;
  }

  @Override
  public boolean endsGeneration(int token) {
    return token >= 0 && vocabulary.roles().ends().get(token);
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public OptionalInt bos() {
    return vocabulary.roles().bos();
  }

  @Override
  public OptionalInt eos() {
    return vocabulary.roles().eos();
  }

  @Override
  public Decoder decoder(int... before) {
    return decoder(this::bytes, before);
  }

  @Override
  public Decoder markupDecoder(int... before) {
    return decoder(
        token ->
            isControl(token)
                ? vocabulary.piece(token).getBytes(StandardCharsets.UTF_8)
                : bytes(token),
        before);
  }

  private Decoder decoder(IntFunction<byte[]> bytes, int... before) {
    var decoder = new TextDecoder(bytes, subword.addsSpace());
    for (int token : before) {
      decoder.next(token);
    }
    return decoder;
  }
}
