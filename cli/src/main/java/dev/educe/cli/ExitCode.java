package dev.educe.cli;

/// What the process tells its caller.
final class ExitCode {
  /// The command did what it was asked to.
  static final int OK = 0;

  /// A model, a file or the machine did not allow it.
  static final int FAILED = 1;

  /// The command line made no sense.
  static final int USAGE = 2;

  /// Ctrl-C: 128 plus the signal's number, as shells have it.
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
