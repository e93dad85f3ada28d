package dev.educe.template;

import java.util.Map;
import java.util.regex.Pattern;

/// Takes the tags out of HTML.
final class TagStripper {
  private static final Pattern ENTITY =
      Pattern.compile("&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|\\w+);");
  private static final Map<String, String> NAMED =
      Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", "\u00a0");

  private TagStripper() {}

  static Text strip(Meter meter, Text text) {
    meter.copy(4L * text.string().length());
    String plain = without(without(text.string(), "<!--", "-->"), "<", ">");
    var words = new Splitter(meter, Text.of(plain), Integer.MAX_VALUE).words();
    String line = String.join(" ", words.stream().map(Value::toString).toList());
    String resolved =
        ENTITY
            .matcher(line)
            .replaceAll(match ->
                java.util.regex.Matcher.quoteReplacement(character(match.group(1), match.group())));
    return text.withString(resolved);
  }

  private static String without(String text, String open, String close) {
    var rest = new StringBuilder();
    int from = 0;
    while (true) {
      int start = text.indexOf(open, from);
      int end = start < 0 ? -1 : text.indexOf(close, start);
      if (end < 0) {
        return rest.append(text, from, text.length()).toString();
      }
      rest.append(text, from, start);
      from = end + close.length();
    }
  }

  private static String character(String name, String otherwise) {
    if (!name.startsWith("#")) {
      return NAMED.getOrDefault(name, otherwise);
    }
    boolean isHex = Character.toLowerCase(name.charAt(1)) == 'x';
    int c =
        isHex
            ? Integer.parseInt(name, 2, name.length(), 16)
            : Integer.parseInt(name, 1, name.length(), 10);
    return Character.isValidCodePoint(c) ? Character.toString(c) : otherwise;
  }
}
