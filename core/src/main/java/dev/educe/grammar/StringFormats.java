package dev.educe.grammar;

import java.util.Map;
import java.util.Optional;

/// The formats of strings that are enforced, as regular expressions of the whole text. Others are
/// notes to the reader, as the standard has it.
///
/// Source: RFC 3339 (dates, times, durations), 5321 (mail), 1123 (hosts), 2673 and 4291
/// (addresses), 3986 (URIs), 4122 (UUIDs), 6901 (pointers).
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
  private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
  private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
  private static final String HEX = "[0-9A-Fa-f]";
  private static final String UNIT = HEX + "{1,4}";
  private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
  private static final String EMAIL =
      ATOM + "(?:\\." + ATOM + ")*@(?:" + LABEL + "\\.)+[A-Za-z]{2,18}";
  private static final String URI_CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%" + HEX + "{2})";
  private static final String URI_TAIL =
      "(?:\\?(?:" + URI_CHARACTER + "|\\?)*)?(?:#(?:" + URI_CHARACTER + "|\\?)*)?";

  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("date", DATE),
          Map.entry("time", TIME),
          Map.entry("date-time", DATE + "T" + TIME),
          Map.entry("duration", duration()),
          Map.entry("email", EMAIL),
          Map.entry("hostname", LABEL + "(?:\\." + LABEL + ")*"),
          Map.entry("ipv4", IPV4),
          Map.entry("ipv6", ipv6()),
          Map.entry(
              "uuid", HEX + "{8}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{12}"),
          Map.entry("uri", uri()),
          Map.entry("uri-reference", "(?:" + uri() + "|(?:\\.{0,2}/)?[A-Za-z0-9._~/-]*)"),
          Map.entry("json-pointer", "(?:/(?:[^~/]|~[01])*)*"));

  private StringFormats() {}

  /// What a text of this format matches; empty if the format is not enforced.
  static Optional<String> pattern(String format) {
    return Optional.ofNullable(PATTERNS.get(format));
  }

  private static String uri() {
    String authority =
        "//(?:" + LABEL + "(?:\\." + LABEL + ")*)(?::[0-9]{1,5})?(?:/" + URI_CHARACTER + "*)?";
    // Without an authority a path begins with one slash or none.
    String path = "[A-Za-z0-9._~!$&'()*+,;=:@-]" + URI_CHARACTER + "*";
    return "[A-Za-z][A-Za-z0-9+.-]*:(?:" + authority + "|/?" + path + ")" + URI_TAIL;
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
