package dev.educe.cli;

import dev.educe.sampling.Sampling;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that say how tokens are chosen; what is not given is as [Sampling#defaults] has it.
final class SamplingOptions {
  private static final Sampling DEFAULTS = Sampling.defaults();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      description = "0 takes the likeliest token each time, higher is more varied; 0.8 by default.")
  private float temperature = DEFAULTS.temperature();

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Choose among the K likeliest tokens; 40 by default, 0 is all.")
  private int topK = DEFAULTS.topK();

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Choose among the likeliest tokens that together have probability P; 0.95 by default, 1"
              + " is all.")
  private float topP = DEFAULTS.topP();

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description =
          "Drop tokens less likely than P times the likeliest; 0.05 by default, 0 drops none.")
  private float minP = DEFAULTS.minP();

  @Option(
      names = "--typical-p",
      paramLabel = "P",
      description =
          "Choose among the most typical tokens that together have probability P; 1, all, by"
              + " default.")
  private float typicalP = DEFAULTS.typicalP();

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      description = "Divide the scores of recent tokens by this; 1, none, by default.")
  private float repetitionPenalty = DEFAULTS.repetitionPenalty();

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Take this off the scores of recent tokens; 0 by default.")
  private float presencePenalty = DEFAULTS.presencePenalty();

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "Take this off for each time a token is recent; 0 by default.")
  private float frequencyPenalty = DEFAULTS.frequencyPenalty();

  @Option(
      names = "--penalty-tokens",
      paramLabel = "N",
      description = "How many of the last tokens count as recent; 64 by default.")
  private int penaltyTokens = DEFAULTS.penaltyTokens();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same seed gives the same text; a fresh one unless given.")
  private Long seed;

  /// @throws ParameterException if a value is out of range
  Sampling sampling() {
    try {
      return new Sampling(
          temperature,
          topK,
          topP,
          minP,
          typicalP,
          repetitionPenalty,
          presencePenalty,
          frequencyPenalty,
          penaltyTokens,
          seed == null ? DEFAULTS.seed() : seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), optionNamed(e.getMessage()), e);
    }
  }

  /// `topP must be …` as `--top-p must be …`.
  private static String optionNamed(String message) {
    int end = message.indexOf(' ');
    var option = new StringBuilder("--");
    for (char c : message.substring(0, end).toCharArray()) {
      option.append(Character.isUpperCase(c) ? "-" + Character.toLowerCase(c) : c);
    }
    return option + message.substring(end);
  }
}
