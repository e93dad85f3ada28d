package dev.educe.server.config;

/// How many letters two words differ in: inserted, left out or replaced.
final class Distance {
  private Distance() {}

  static int between(String a, String b) {
    int[] row = new int[b.length() + 1]; // distances of the prefix of a to all prefixes of b
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
