package dev.educe.tokenizer;

import java.util.List;
import java.util.Random;

/// Random text that is likely to find where a rule of cutting text is wrong.
final class NastyText {
  private static final List<List<String>> PARTS =
      List.of(
          List.of(" ", "  ", "   ", "\t", "\n", "\r", "\r\n", "\n\n", " \n", "\u000b", "\u0085"),
          List.of("\u00a0", "\u2003", "\u2028", "\u3000", "\u200b", "\u001c", "\u0000", "\u007f"),
          List.of("'s", "'S", "'t", "'re", "'RE", "'Ve", "'ll", "'lL", "'d", "'m", "'x", "''"),
          List.of(
              "a", "Z", "word", "FooBar", "HTMLx", "\u00e9\u00c9", "\u01c5u", "\u02b0", "\u017f"),
          List.of(
              "\u4e2d\u6587",
              "\u304b",
              "\u30ab",
              "\ud55c",
              "\u0e44\u0e17",
              "\u0939\u093f",
              "\u05d0"),
          List.of("1", "12", "123", "1234567", "\u0663", "\u2167", "\u00bd", "\ud835\udfcf"),
          List.of("!", "...", ",", "$", "+", "<", "~", "^", "`", "(", "_", "/", "\u3002", "\u20ac"),
          List.of("\u0301", "\u0308\u20dd", "\ud83d\ude00", "\ud83d\udc4d\ud83c\udffd", "\u200d"),
          List.of("<sentinel:12>", "<sentinel:", "IMGIMGABZ", "IMGIMGABCDEZ", "\ue000", "\ufffe"));

  private NastyText() {}

  /// Up to this many parts, mostly from a list of traps and sometimes any character.
  static String of(Random random, int parts) {
    var text = new StringBuilder();
    for (int i = random.nextInt(parts + 1); i > 0; i--) {
      if (random.nextInt(6) == 0) {
        text.appendCodePoint(character(random));
      } else {
        var list = PARTS.get(random.nextInt(PARTS.size()));
        text.append(list.get(random.nextInt(list.size())));
      }
    }
    return text.toString();
  }

  private static int character(Random random) {
    int c = random.nextInt(random.nextBoolean() ? 0x3000 : 0x110000);
    return c >= 0xd800 && c < 0xe000 ? 'x' : c;
  }
}
