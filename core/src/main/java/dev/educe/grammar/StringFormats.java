package dev.educe.grammar;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// The formats of strings that are enforced, as regular expressions of the whole text. Others are
/// notes to the reader, as the standard has it.
///
/// Source: RFC 3339 (dates, times, durations), 5321 (mail), 1123 (hosts), 2673 and 4291
/// (addresses), 3986 and 3987 (URIs), 4122 (UUIDs), 6570 (templates), 6901 (pointers). Mail without
/// quotes and brackets, addresses without what mixes versions, and seconds without leap ones are
/// all that is written.
final class StringFormats {
  private static final String YEAR = "[0-9]{4}";
  private static final String LEAP_YEAR =
      "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
  private static final String DATE =
      "(?:"
          + (YEAR + "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])")
          + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
          + ("|" + LEAP_YEAR + "-02-29)");
  private static final String TIME =
      "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?"
          + "(?:Z|[+-](?:0[0-9]|1[0-7]):[0-5][0-9])";
  private static final String OUTER = "[A-Za-z0-9]";
  private static final String INNER = "[A-Za-z0-9-]";
  // Hyphens at the third and fourth place mark names of other alphabets, which are not looked into.
  private static final String LABEL =
      "(?:"
          + (OUTER + "(?:" + INNER + "?" + OUTER + ")?|" + OUTER + INNER)
          + ("(?:" + OUTER + OUTER + "|-" + OUTER)
          + ("|(?:" + OUTER + INNER + "|-" + OUTER + ")" + INNER + "{0,58}" + OUTER + "))");
  private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
  private static final String HEX = "[0-9A-Fa-f]";
  private static final String UNIT = HEX + "{1,4}";
  // Of the letters beyond ASCII, those of a few alphabets that nobody disagrees about.
  private static final String LETTERS =
      "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0391-\u03a1\u03a3-\u03c9"
          + "\u0410-\u044f\u3041-\u3096\u30a1-\u30fa"
          + "\u4e00-\u9fa5\uac00-\ud7a3";
  private static final String ATOM_CHARACTERS = "A-Za-z0-9!#$%&'*+/=?^_`{|}~-";
  private static final String URI_CHARACTERS = "A-Za-z0-9._~!$&'()*+,;=:@-";
  private static final String POINTER = "(?:/(?:[^~/]|~[01])*)*";

  private static final int HOST_MAX = 253; // as dots between labels take a byte each
  private static final int PATH_MAX = 254;

  private static final Map<String, List<String>> PATTERNS =
      Map.ofEntries(
          entry("date", DATE),
          entry("time", TIME),
          entry("date-time", DATE + "T" + TIME),
          entry("duration", duration()),
          entry("email", mail(ATOM_CHARACTERS), "[^@]{1,64}@.*"),
          entry("idn-email", mail(LETTERS + ATOM_CHARACTERS), "[^@]{1,32}@.*"),
          entry("hostname", LABEL + "(?:\\." + LABEL + ")*"),
          entry("ipv4", IPV4),
          entry("ipv6", ipv6()),
          entry("uuid", HEX + "{8}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{12}"),
          entry("uri", uri("")),
          entry("uri-reference", reference("")),
          entry("iri", uri(LETTERS)),
          entry("iri-reference", reference(LETTERS)),
          entry("uri-template", template()),
          entry("json-pointer", POINTER),
          entry("relative-json-pointer", "(?:0|[1-9][0-9]*)(?:#|" + POINTER + ")"));

  private static final Set<String> REFUSED = Set.of("regex", "idn-hostname");

  private StringFormats() {}

  private static Map.Entry<String, List<String>> entry(String name, String... patterns) {
    return Map.entry(name, List.of(patterns));
  }

  /// The formats that are enforced.
  static Set<String> names() {
    return new TreeSet<>(PATTERNS.keySet());
  }

  /// Whether the standard has a format that cannot be enforced here.
  static boolean isRefused(String format) {
    return REFUSED.contains(format);
  }

  /// What a text of this format matches, all of them.
  static List<String> patterns(String format) {
    return PATTERNS.getOrDefault(format, List.of());
  }

  /// The characters that a text of this format has at most, or [Expression#UNBOUNDED].
  static int lengthMax(String format) {
    return switch (format) {
      case "hostname" -> HOST_MAX;
      case "email", "idn-email" -> PATH_MAX;
      default -> Expression.UNBOUNDED;
    };
  }

  private static String mail(String characters) {
    String atom = "[" + characters + "]+";
    return atom + "(?:\\." + atom + ")*@(?:" + LABEL + "\\.)+[A-Za-z]{2,18}";
  }

  private static String uri(String letters) {
    String character = uriCharacter(letters);
    String withSlash = "(?:" + character + "|/)*";
    String authority =
        "//" + LABEL + "(?:\\." + LABEL + ")*(?::[0-9]{1,5})?(?:/" + withSlash + ")?";
    // Without an authority a path begins with one slash or none.
    String path = "/?[" + letters + URI_CHARACTERS + "]" + withSlash;
    return "[A-Za-z][A-Za-z0-9+.-]*:(?:" + authority + "|" + path + ")" + tail(letters);
  }

  private static String reference(String letters) {
    String path = "(?:\\.{0,2}/)?[" + letters + "A-Za-z0-9._~-][" + letters + "A-Za-z0-9._~/-]*";
    return "(?:" + uri(letters) + "|(?:" + path + ")?" + tail(letters) + ")";
  }

  private static String uriCharacter(String letters) {
    return "(?:[" + letters + URI_CHARACTERS + "]|%" + HEX + "{2})";
  }

  private static String tail(String letters) {
    String rest = "(?:" + uriCharacter(letters) + "|[/?])*";
    return "(?:\\?" + rest + ")?(?:#" + rest + ")?";
  }

  private static String template() {
    String escaped = "%" + HEX + "{2}";
    String literal = "[!#$&()*+,./0-9:;=?@A-Z\\[\\]_a-z~-]|" + escaped;
    String character = "(?:[A-Za-z0-9_]|" + escaped + ")";
    String variable = character + "(?:\\.?" + character + ")*(?::[1-9][0-9]{0,3}|\\*)?";
    String expression = "\\{[+#./;?&]?" + variable + "(?:," + variable + ")*\\}";
    return "(?:" + literal + "|" + expression + ")*";
  }

  private static String duration() {
    String time = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)";
    String date = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)";
    return "P(?:" + date + "(?:" + time + ")?|" + time + "|[0-9]+W)";
  }

  private static String ipv6() {
    var all = new StringBuilder("(?:(?:" + UNIT + ":){7}" + UNIT);
    for (int before = 0; before <= 6; before++) {
      int after = 6 - before;
      String head = before == 0 ? "" : UNIT + "(?::" + UNIT + "){" + (before - 1) + "}";
      String tail = after == 0 ? "" : "(?:" + UNIT + "(?::" + UNIT + "){0," + (after - 1) + "})?";
      all.append('|').append(head).append("::").append(tail);
    }
    return all.append("|").append(UNIT).append("(?::").append(UNIT).append("){6}::)").toString();
  }
}
