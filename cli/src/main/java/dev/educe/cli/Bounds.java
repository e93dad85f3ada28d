package dev.educe.cli;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// Checks of option values, each with a sentence that names the option, the rule and the value.
final class Bounds {
  private final CommandLine command;

  Bounds(CommandLine command) {
    this.command = command;
  }

  /// @throws ParameterException if `value` is below `min` or above `max`
  void check(String option, long value, long min, long max) {
    check(
        value >= min && value <= max,
        option,
        Display.format("%,d to %,d", min, max),
        Long.toString(value));
  }

  /// @throws ParameterException unless `holds`
  void check(boolean holds, String option, String rule, Object value) {
    if (!holds) {
      throw new ParameterException(command, "%s must be %s, got %s".formatted(option, rule, value));
    }
  }
}
