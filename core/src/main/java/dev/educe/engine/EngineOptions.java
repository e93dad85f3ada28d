package dev.educe.engine;

/// The limits of an engine. Immutable; `withX` copies.
///
/// @param contextLength tokens a sequence may have
/// @param window positions that any layer sees at most; [Integer#MAX_VALUE] if one sees all
/// @param sequencesMax how many sequences run at once
/// @param waitingMax how many requests may wait for their first step
/// @param tenantWaitingMax how many of one tenant's
/// @param waitNanosMax how long any may wait; what would wait longer is refused at once. 0 for as
///   long as it takes
/// @param preemptionsMax how often a request may lose its pages; then it waits until it can have
///   all it may ever need, and keeps them
/// @param stepNanosMax how long a step may take
/// @param pauseNanosMax how long a request waits for its listener before it is cancelled; 0 for as
///   long as it takes
public record EngineOptions(
    int contextLength,
    int window,
    int sequencesMax,
    int waitingMax,
    int tenantWaitingMax,
    long waitNanosMax,
    int preemptionsMax,
    long stepNanosMax,
    long pauseNanosMax) {
  /// A cancelled request is gone after a step, so this is also how long that takes.
  public static final long STEP_NANOS_MAX = 200_000_000;

  /// @throws IllegalArgumentException if a number is out of range
  public EngineOptions {
    check(contextLength > 0, "contextLength", contextLength);
    check(window > 0, "window", window);
    check(sequencesMax > 0, "sequencesMax", sequencesMax);
    check(waitingMax > 0, "waitingMax", waitingMax);
    check(tenantWaitingMax > 0, "tenantWaitingMax", tenantWaitingMax);
    check(waitNanosMax >= 0, "waitNanosMax", waitNanosMax);
    check(preemptionsMax >= 0, "preemptionsMax", preemptionsMax);
    check(stepNanosMax > 0, "stepNanosMax", stepNanosMax);
    check(pauseNanosMax >= 0, "pauseNanosMax", pauseNanosMax);
  }

  private static void check(boolean holds, String name, long value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is out of range, got " + value);
    }
  }

  /// Full attention, 1,024 requests that wait, 4 preemptions, steps of 200 ms, patient with
  /// listeners.
  public static EngineOptions of(int contextLength, int sequencesMax) {
    return new EngineOptions(
        contextLength, Integer.MAX_VALUE, sequencesMax, 1_024, 1_024, 0, 4, STEP_NANOS_MAX, 0);
  }

  public EngineOptions withWindow(int window) {
    return new EngineOptions(
        contextLength,
        window,
        sequencesMax,
        waitingMax,
        tenantWaitingMax,
        waitNanosMax,
        preemptionsMax,
        stepNanosMax,
        pauseNanosMax);
  }

  public EngineOptions withWaiting(int waitingMax, int tenantWaitingMax) {
    return new EngineOptions(
        contextLength,
        window,
        sequencesMax,
        waitingMax,
        tenantWaitingMax,
        waitNanosMax,
        preemptionsMax,
        stepNanosMax,
        pauseNanosMax);
  }

  public EngineOptions withWaitNanos(long waitNanosMax) {
    return new EngineOptions(
        contextLength,
        window,
        sequencesMax,
        waitingMax,
        tenantWaitingMax,
        waitNanosMax,
        preemptionsMax,
        stepNanosMax,
        pauseNanosMax);
  }

  public EngineOptions withTimes(long stepNanosMax, long pauseNanosMax) {
    return new EngineOptions(
        contextLength,
        window,
        sequencesMax,
        waitingMax,
        tenantWaitingMax,
        waitNanosMax,
        preemptionsMax,
        stepNanosMax,
        pauseNanosMax);
  }
}
