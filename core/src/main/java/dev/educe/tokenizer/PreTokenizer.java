package dev.educe.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a family of vocabularies cuts a text into words before it looks for tokens in them.
///
/// Each regular expression cuts further what the ones before it left. They are those of the models'
/// own `tokenizer.json`; where llama.cpp narrowed one to what its matcher can do (the cased letters
/// of `tekken` and `gpt-4o`, `~` as a symbol), the model's own stands here.
///
/// Source: llama.cpp, `llama-vocab.cpp`, for the names and the expressions.
public enum PreTokenizer {
  DEFAULT(
      List.of("default"),
      Set.of(),
      "[\\p{P}\\$\\+<=>\\^~\\|]+",
      Regex.GPT_2,
      "\\p{N}+",
      "[0-9][0-9][0-9]"),
  GPT_2(
      List.of(
          "gpt-2",
          "phi-2",
          "mpt",
          "olmo",
          "jais",
          "trillion",
          "granite-docling",
          "exaone4",
          "gigachat",
          "mellum",
          "a.x-4.0",
          "modern-bert",
          "roberta-bpe",
          "jina-es",
          "jina-de",
          "jina-v1-en",
          "jina-v2-es",
          "jina-v2-de",
          "jina-v2-code"),
      Set.of(),
      Regex.GPT_2),
  STARCODER(
      List.of(
          "starcoder",
          "refact",
          "command-r",
          "smollm",
          "codeshell",
          "exaone",
          "minerva-7b",
          "mellum2"),
      Set.of(),
      "\\p{N}",
      Regex.GPT_2),
  FALCON(List.of("falcon"), Set.of(), "[\\p{P}\\$\\+<=>\\^~\\|`]+", Regex.GPT_2, "[0-9][0-9][0-9]"),
  LLAMA_3(
      List.of(
          "llama-bpe",
          "llama3",
          "llama-v3",
          "falcon3",
          "falcon-h1",
          "pixtral",
          "midm-2.0",
          "lfm2",
          "jina-v5-nano"),
      Set.of(Trait.WHOLE_WORDS, Trait.BEGINS_WITH_BOS),
      Regex.CONTRACTION + Regex.WORD + "|\\p{N}{1,3}" + Regex.REST),
  LLAMA_3_PLAIN(
      List.of("dbrx", "smaug-bpe", "glm4", "chatglm-bpe"),
      Set.of(),
      Regex.CONTRACTION + Regex.WORD + "|\\p{N}{1,3}" + Regex.REST),
  JAIS_2(
      List.of("jais-2"),
      Set.of(),
      Regex.CONTRACTION
          + Regex.WORD
          + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
          + "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)"
          + "|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}"),
  QWEN_2(
      List.of(
          "qwen2",
          "deepseek-r1-qwen",
          "stablelm2",
          "hunyuan",
          "megrez",
          "grok-2",
          "solar-open",
          "kormo",
          "f2llmv2"),
      Set.of(),
      Regex.CONTRACTION + Regex.WORD + "|\\p{N}" + Regex.REST),
  QWEN_35(
      List.of("qwen35"),
      Set.of(),
      Regex.CONTRACTION
          + "[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
          + Regex.SPACES),
  UFAKZEKA(List.of("ufakzeka"), Set.of(), Regex.WORD + "|\\p{N}" + Regex.REST),
  MINICPM_5(
      List.of("minicpm5"),
      Set.of(Trait.WHOLE_WORDS),
      "\\p{N}{1,3}",
      Regex.CONTRACTION + Regex.WORD + "|\\p{N}+" + Regex.REST),
  LAGUNA(
      List.of("laguna"),
      Set.of(),
      Regex.LINES,
      Regex.CONTRACTION + Regex.WORD + "|\\p{N}" + Regex.REST),
  BAILING(
      List.of("bailingmoe", "bailingmoe2", "llada-moe"),
      Set.of(),
      Regex.CONTRACTION
          + Regex.WORD
          + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"),
  SEED_CODER(
      List.of("seed-coder"),
      Set.of(),
      Regex.CONTRACTION + Regex.WORD + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" + Regex.SPACES),
  DEEPSEEK_LLM(
      List.of("deepseek-llm"),
      Set.of(),
      "[\\r\\n]",
      "\\s?" + Regex.CASED_LETTERS + "+",
      "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]+",
      Regex.TRAILING_SPACE,
      "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+",
      "\\p{N}+"),
  DEEPSEEK_CODER(
      List.of("deepseek-coder"),
      Set.of(),
      "[\\r\\n]",
      "\\s?\\p{L}+",
      "\\s?\\p{P}+",
      "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+",
      "\\p{N}"),
  DEEPSEEK_3(
      List.of("deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"),
      Set.of(),
      "\\p{N}{1,3}",
      Regex.CHINESE_AND_JAPANESE,
      Regex.PUNCTUATED_WORD + "| ?[\\p{P}\\p{S}]+[\\r\\n]*" + Regex.SPACES),
  SPARK(
      List.of("spark2_5"),
      Set.of(),
      "\\p{N}{1,3}",
      Regex.CHINESE_AND_JAPANESE,
      Regex.PUNCTUATED_WORD + "| ?[\\p{P}\\p{S}]+|[\\r\\n]|\\s+(?!\\S)|\\s+",
      "\\p{N}"),
  AFMOE(
      List.of("afmoe"),
      Set.of(),
      Regex.DIGITS_AFTER_GROUPS,
      "[\\u4E00-\\u9FFF\\u3400-\\u4DBF\\uF900-\\uFAFF\\u3040-\\u309F\\u30A0-\\u30FF\\uFF65-\\uFF9F"
          + "\\u2F00-\\u2FDF\\u0E40-\\u0E7F\\u0E80-\\u0EFF\\u1780-\\u17FF\\u1000-\\u109F"
          + "\\uAA60-\\uAA7F\\uA9E0-\\uA9FF\\uAC00-\\uD7AF\\u1100-\\u11FF]+",
      Regex.PUNCTUATED_WORD + "| ?[\\p{P}\\p{S}]+[\\r\\n]*" + Regex.SPACES),
  TEKKEN(
      List.of("tekken"),
      Set.of(Trait.WHOLE_WORDS, Trait.BEGINS_WITH_BOS),
      Regex.casedWord("", "") + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + Regex.SPACES),
  GPT_4O(
      List.of("gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"),
      Set.of(),
      Regex.casedWord("", Regex.ENDING)
          + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
          + Regex.SPACES),
  GRANITE_EMBEDDING(
      List.of("granite-embed-multi-97m"),
      Set.of(Trait.WHOLE_WORDS),
      Regex.casedWord("", Regex.ENDING)
          + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
          + Regex.SPACES),
  TINY_AYA(
      List.of("tiny_aya", "cohere2moe"),
      Set.of(),
      Regex.DIGITS_OF_WORDS,
      Regex.casedWord("", Regex.ENDING)
          + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
          + Regex.SPACES),
  YOUTU(
      List.of("youtu"),
      Set.of(Trait.WHOLE_WORDS),
      "[\\uAC00-\\uD7A3\\u3131-\\u318E]+"
          + "|[\\uFF01\\u2026\\u201C\\u201D\\u2018\\u2019\\u2014\\uFF1A\\uFF1B\\uFF0C"
          + "\\u3001-\\u303F\\uFE30-\\uFE4F]+"
          + "|[\\u3105-\\u312F]+|"
          + Regex.CHINESE_AND_JAPANESE,
      Regex.casedWord("", Regex.ENDING) + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + Regex.SPACES),
  KIMI_K2(
      List.of("kimi-k2"),
      Set.of(),
      "[\\p{Han}]+|"
          + Regex.casedWord("&&[^\\p{Han}]", Regex.ENDING)
          + "|\\p{N}{1,3}"
          + Regex.REST),
  CHAMELEON(
      List.of("chameleon"),
      Set.of(Trait.BEGINS_WITH_BOS),
      "<sentinel:[0-9]+>",
      "IMGIMG[A-I]{1,4}Z",
      "[\\t\\n]|    |  ",
      "\\p{N}",
      "[\\p{P}!-/:-@\\[-`{-~]",
      Regex.GPT_2),
  BLOOM(List.of("bloom", "poro-chat", "gpt3-finnish"), Set.of(), Regex.BLOOM),
  VIKING(List.of("viking"), Set.of(), Regex.BLOOM, "\\p{N}"),
  SUPERBPE(List.of("superbpe"), Set.of(), "\\p{N}+", Regex.DIGITS_BEFORE_GROUPS),
  GEMMA_4(
      List.of("gemma4", "granite-embed-multi-311m"),
      Set.of(Trait.CHARACTERS, Trait.WHOLE_LINE_FEEDS, Trait.BEGINS_WITH_BOS),
      Regex.LINES),
  SARVAM(List.of("sarvam-moe"), Set.of(Trait.CHARACTERS), Regex.LINES);

  /// What else is particular to a family.
  enum Trait {
    /// A word that is a token is that token, whatever its merges would make of it.
    WHOLE_WORDS,
    /// Line feeds in a row that are a token are that token.
    WHOLE_LINE_FEEDS,
    /// A prompt begins with BOS unless the checkpoint says otherwise.
    BEGINS_WITH_BOS,
    /// Tokens are spelled in characters, with `▁` for a space, and not in GPT-2's byte alphabet.
    CHARACTERS
  }

  private final List<String> names; // the one that new files get first
  private final Set<Trait> traits;
  private final List<String> regexes;

  PreTokenizer(List<String> names, Set<Trait> traits, String... regexes) {
    this.names = names;
    this.traits = traits;
    this.regexes = List.of(regexes);
  }

  /// The family of this `tokenizer.ggml.pre`.
  static Optional<PreTokenizer> named(String name) {
    return Arrays.stream(values()).filter(family -> family.names.contains(name)).findFirst();
  }

  /// The name of the family that cuts by these expressions, one after the other, as a
  /// `tokenizer.json` has them.
  ///
  /// @param wholeWords whether a word that is a token is that token, whatever its merges; of two
  ///   families that differ in nothing else, the one that does so
  public static Optional<String> nameFor(List<String> expressions, boolean wholeWords) {
    var wanted = expressions.stream().map(PreTokenizer::plain).toList();
    return Arrays.stream(values())
        .filter(family -> !family.has(Trait.CHARACTERS))
        .filter(family -> family.regexes.stream().map(PreTokenizer::plain).toList().equals(wanted))
        .min(Comparator.comparing(family -> family.has(Trait.WHOLE_WORDS) != wholeWords))
        .map(family -> family.names.getFirst());
  }

  /// One way to write what is written in several: contractions in any case, characters by number,
  /// and quantifiers that never give back where there is nothing to give.
  private static String plain(String regex) {
    String plain = regex;
    for (String contractions : Regex.CONTRACTIONS_IN_FILES) {
      plain =
          plain
              .replace(contractions + "?", Regex.ENDING)
              .replace(contractions + "|", Regex.CONTRACTION);
    }
    return Pattern.compile("\\\\u([0-9A-Fa-f]{4})")
        .matcher(plain.replace("?+", "?").replace("++", "+"))
        .replaceAll(match ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 16))));
  }

  /// The expression of GPT-2, which a `tokenizer.json` need not spell out.
  public static String gpt2Expression() {
    return Regex.GPT_2;
  }

  /// All names there are, sorted.
  public static List<String> allNames() {
    return Arrays.stream(values())
        .flatMap(family -> family.names.stream())
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  List<String> names() {
    return names;
  }

  List<String> regexes() {
    return regexes;
  }

  /// What cuts text as this family does; stages keep no state.
  List<Stage> stages() {
    var stages = new ArrayList<Stage>();
    for (String regex : regexes) {
      stages.add(
          switch (regex) {
            case Regex.TRAILING_SPACE -> new TrailingSpace();
            case Regex.DIGITS_BEFORE_GROUPS -> DigitGroups.BEFORE_WHOLE_GROUPS;
            case Regex.DIGITS_OF_WORDS -> DigitGroups.OF_WORDS;
            case Regex.DIGITS_AFTER_GROUPS -> DigitGroups.AFTER_GROUPS;
            default -> new RegexStage(regex);
          });
    }
    return stages;
  }

  /// Cuts a text into words.
  ///
  /// @return where each word ends, ascending; the last is the text's length
  static Ids split(List<Stage> stages, CharSequence text) {
    var ends = new Ids();
    ends.add(text.length());
    for (var stage : stages) {
      var finer = new Ids(ends.size() + 16);
      int from = 0;
      for (int i = 0; i < ends.size(); i++) {
        stage.split(text, from, ends.get(i), finer);
        from = ends.get(i);
      }
      ends = finer;
    }
    return ends;
  }

  /// Expressions, and parts of them, that several families share.
  private static final class Regex {
    static final String TRAILING_SPACE = "\\s+$";
    static final String DIGITS_BEFORE_GROUPS = "(?=(\\d{3})+(?!\\d))";
    static final String DIGITS_OF_WORDS = "\\d{1,3}(?=(?:\\d{3})*\\b)";
    static final String DIGITS_AFTER_GROUPS = "[^\\p{N}]*\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))";

    static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + SPACES;
    static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    static final String ENDINGS = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
    static final String CONTRACTION = ENDINGS + "|";
    static final String ENDING = "(?:" + ENDINGS + ")?";
    static final List<String> CONTRACTIONS_IN_FILES =
        List.of(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
            "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
            "'(?i:[sdmt]|ll|ve|re)");
    static final String GPT_2 =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    static final String LINES = "[^\\n]+|[\\n]+";
    static final String BLOOM = " ?[^(\\s|.,!?\\u2026\\u3002\\uFF0C\\u3001\\u0964\\u06D4\\u060C)]+";
    static final String CHINESE_AND_JAPANESE = "[\\u4E00-\\u9FA5\\u3040-\\u309F\\u30A0-\\u30FF]+";
    static final String PUNCTUATED_WORD =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+";
    static final String CASED_LETTERS =
        "[A-Za-z\\u00B5\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u01BA\\u01BC-\\u01BF"
            + "\\u01C4-\\u0293\\u0295-\\u02AF\\u0370-\\u0373\\u0376\\u0377\\u037B-\\u037D\\u037F"
            + "\\u0386\\u0388-\\u038A\\u038C\\u038E-\\u03A1\\u03A3-\\u03F5\\u03F7-\\u0481"
            + "\\u048A-\\u052F\\u0531-\\u0556\\u10A0-\\u10C5\\u13A0-\\u13F5\\u13F8-\\u13FD"
            + "\\u1C90-\\u1CBA\\u1CBD-\\u1CBF\\u1D00-\\u1D2B\\u1D6B-\\u1D77\\u1D79-\\u1D9A"
            + "\\u1E00-\\u1F15\\u1F18-\\u1F1D\\u1F20-\\u1F45\\u1F48-\\u1F4D\\u1F50-\\u1F57\\u1F59"
            + "\\u1F5B\\u1F5D\\u1F5F-\\u1F7D\\u1F80-\\u1FB4\\u1FB6-\\u1FBC\\u1FBE\\u1FC2-\\u1FC4"
            + "\\u1FC6-\\u1FCC\\u1FD0-\\u1FD3\\u1FD6-\\u1FDB\\u1FE0-\\u1FEC\\u1FF2-\\u1FF4"
            + "\\u1FF6-\\u1FFC\\u2102\\u2107\\u210A-\\u2113\\u2115\\u2119-\\u211D\\u2124\\u2126"
            + "\\u2128\\u212A-\\u212D\\u212F-\\u2134\\u2139\\u213C-\\u213F\\u2145-\\u2149\\u214E"
            + "\\u2183\\u2184\\u2C00-\\u2C7B\\u2C7E-\\u2CE4\\u2CEB-\\u2CEE\\u2CF2\\u2CF3"
            + "\\uA640-\\uA66D\\uA680-\\uA69B\\uA722-\\uA76F\\uA771-\\uA787\\uA78B-\\uA78E"
            + "\\uAB70-\\uABBF\\uFB00-\\uFB06\\uFB13-\\uFB17\\uFF21-\\uFF3A\\uFF41-\\uFF5A"
            + "\\x{10400}-\\x{1044F}\\x{104B0}-\\x{104D3}\\x{104D8}-\\x{104FB}"
            + "\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}\\x{118A0}-\\x{118DF}"
            + "\\x{1E900}-\\x{1E943}]";

    private Regex() {}

    /// Words that begin anew at an upper-case letter after lower-case ones.
    static String casedWord(String but, String ending) {
      String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}" + but + "]";
      String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}" + but + "]";
      String before = "[^\\r\\n\\p{L}\\p{N}]?";
      return before + upper + "*" + lower + "+" + ending + "|" + before + upper + "+" + lower + "*"
          + ending;
    }
  }
}
