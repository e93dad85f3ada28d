package dev.educe.bench;

/// What is measured of each peer.
enum Test {
  /// Tokens of a prompt read a second, one sequence.
  PROMPT(true),
  /// Tokens written a second by one sequence.
  DECODE(true),
  /// Tokens written a second by several sequences together.
  BATCH(true),
  /// Seconds from the start of the process to the first token, the file being in the page cache.
  START(false);

  private final boolean isRate;

  Test(boolean isRate) {
    this.isRate = isRate;
  }

  /// Whether it counts tokens a second; else seconds.
  boolean isRate() {
    return isRate;
  }

  /// Whether a value is better than another.
  boolean isBetter(double value, double than) {
    return isRate ? value > than : value < than;
  }

  /// As it stands in the table.
  String title(Workload load) {
    return switch (this) {
      case PROMPT -> "prompt of %d".formatted(load.prompt());
      case DECODE -> "decode %d".formatted(load.decode());
      case BATCH -> "decode %d × %d".formatted(load.sequences(), load.batchDecode());
      case START -> "first token";
    };
  }

  /// What the values are.
  String unit() {
    return isRate ? "tokens/s" : "s";
  }
}
