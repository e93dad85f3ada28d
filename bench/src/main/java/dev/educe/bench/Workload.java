package dev.educe.bench;

/// How much each test does.
///
/// @param prompt tokens of the prompt
/// @param decode tokens that one sequence writes
/// @param sequences how many write together in [Test#BATCH]
/// @param batchDecode tokens that each of them writes
record Workload(int prompt, int decode, int sequences, int batchDecode) {
  /// What goals are stated for.
  static final Workload STANDARD = new Workload(512, 128, 16, 32);

  /// For trying whether everything runs; the figures mean nothing.
  static final Workload QUICK = new Workload(64, 8, 16, 4);

  /// The text whose first following token ends [Test#START].
  static final String START_TEXT = "Once upon a time";
}
