package dev.educe.engine;

/// How long steps take by how many rows they have, where every row is a token whose logits are
/// wanted.
///
/// Measured, and estimated in between. What was not measured for long is forgotten: then it is
/// estimated so that it will be tried again.
final class StepTimes {
  /// Steps of more rows are bound by arithmetic on every machine.
  static final int ROWS_MAX = 64;

  // Half a minute of steps on a model of a billion parameters.
  private static final int FORGOTTEN_AFTER = 2_000;

  // What a row more is thought to cost, as a share, before anybody has tried.
  private static final double ROW_SHARE = 0.03;

  // A slower step may have been held up by others; a faster one has shown what is possible.
  private static final double RISE = 0.1;
  private static final double FALL = 0.4;

  private final double[] nanos = new double[ROWS_MAX + 1]; // by rows; 0 is unknown
  private final int[] measured = new int[ROWS_MAX + 1]; // how often
  private final long[] last = new long[ROWS_MAX + 1]; // when
  private long steps;

  /// A step of so many rows took so long. The first of its kind does not count: its code was cold.
  void measured(int rows, long stepNanos) {
    steps++;
    last[rows] = steps;
    if (measured[rows]++ == 0) {
      return;
    }
    double change = stepNanos - nanos[rows];
    boolean isFirst = nanos[rows] == 0;
    nanos[rows] += isFirst ? change : change * (change < 0 ? FALL : RISE);
    if (steps % FORGOTTEN_AFTER == 0) {
      forget();
    }
  }

  private void forget() {
    for (int rows = 1; rows <= ROWS_MAX; rows++) {
      if (steps - last[rows] > FORGOTTEN_AFTER) {
        nanos[rows] = 0;
      }
    }
  }

  /// An estimate, in any unit while nothing is known.
  ///
  /// @param rows from 1 to [#ROWS_MAX]
  double of(int rows) {
    int below = rows;
    while (below > 0 && nanos[below] == 0) {
      below--;
    }
    int above = rows;
    while (above <= ROWS_MAX && nanos[above] == 0) {
      above++;
    }
    if (below == rows) {
      return nanos[rows];
    }
    if (above > ROWS_MAX) {
      // More rows than were tried, thought cheap so that somebody tries.
      double known = below == 0 ? 1 : nanos[below];
      return known * (1 + ROW_SHARE * (rows - below));
    }
    if (below == 0) {
      // Fewer rows than were tried, thought as cheap per row, for the same reason.
      return nanos[above] * rows / above;
    }
    double part = (double) (rows - below) / (above - below);
    return nanos[below] + part * (nanos[above] - nanos[below]);
  }
}
