package dev.educe.cli;

import dev.educe.sampling.Dry;
import dev.educe.sampling.DynamicTemperature;
import dev.educe.sampling.Mirostat;
import dev.educe.sampling.Penalties;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.Stage;
import dev.educe.sampling.TokenRules;
import dev.educe.sampling.Truncation;
import dev.educe.sampling.Xtc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options that say how tokens are chosen, named as llama.cpp's where it has them; what is not
/// given is as [Sampling#defaults] has it.
final class SamplingOptions {
  private static final Sampling DEFAULTS = Sampling.defaults();

  /// Settings whose options are not called as they are.
  private static final Map<String, String> OPTIONS =
      Map.of(
          "penaltyTokens", "--repeat-last-n",
          "dynamicTemperatureRange", "--dynatemp-range",
          "dynamicTemperatureExponent", "--dynatemp-exp",
          "topNSigma", "--top-nsigma",
          "dryTokens", "--dry-penalty-last-n",
          "mirostatTau", "--mirostat-ent",
          "mirostatEta", "--mirostat-lr");

  private static final Pattern BIAS =
      Pattern.compile("([0-9]{1,9})([+-](?:inf|[0-9]+(?:\\.[0-9]+)?))");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @ArgGroup(validate = false, order = 1, heading = "%nHow tokens are drawn:%n")
  private final Draws draws = new Draws();

  @ArgGroup(validate = false, order = 2, heading = "%nWhich tokens are dropped first:%n")
  private final Drops drops = new Drops();

  @ArgGroup(validate = false, order = 3, heading = "%nAgainst repetition:%n")
  private final Repeats repeats = new Repeats();

  @ArgGroup(validate = false, order = 4, heading = "%nSingle tokens:%n")
  private final Tokens tokens = new Tokens();

  private static final class Draws {
    @Option(
        names = {"--temperature", "--temp"},
        paramLabel = "X",
        description =
            "0 takes the likeliest token each time, higher is more varied; 0.8 by default.")
    private float temperature = DEFAULTS.temperature();

    @Option(
        names = "--dynatemp-range",
        paramLabel = "X",
        description =
            "Let the temperature go so far up or down with how unsure the model is; 0, fixed, by"
                + " default.")
    private float dynamicRange = DEFAULTS.dynamic().range();

    @Option(
        names = "--dynatemp-exp",
        paramLabel = "X",
        description = "Bends the way of that temperature; 1, straight, by default.")
    private float dynamicExponent = DEFAULTS.dynamic().exponent();

    @Option(
        names = "--mirostat",
        paramLabel = "N",
        description =
            "1 or 2: drop tokens so that the surprise stays even, in place of all other dropping;"
                + " 0, off, by default.")
    private int mirostat = DEFAULTS.mirostat().version();

    @Option(
        names = "--mirostat-ent",
        paramLabel = "X",
        description = "The surprise it aims at, in bits; 5 by default.")
    private float mirostatTau = DEFAULTS.mirostat().tau();

    @Option(
        names = "--mirostat-lr",
        paramLabel = "X",
        description = "How fast it follows; 0.1 by default.")
    private float mirostatEta = DEFAULTS.mirostat().eta();

    @Option(
        names = "--samplers",
        paramLabel = "NAMES",
        description = {
          "What is done in which order; what is not named is not done. By default",
          "penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature."
        })
    private String order = Stage.text(DEFAULTS.order());

    @Option(
        names = {"-s", "--seed"},
        paramLabel = "N",
        description = "The same seed gives the same text; a fresh one unless given.")
    private Long seed;
  }

  private static final class Drops {
    @Option(
        names = "--top-k",
        paramLabel = "K",
        description = "Choose among the K likeliest tokens; 40 by default, 0 is all.")
    private int topK = DEFAULTS.truncation().topK();

    @Option(
        names = "--top-p",
        paramLabel = "P",
        description =
            "Choose among the likeliest tokens that together have probability P; 0.95 by default, 1"
                + " is all.")
    private float topP = DEFAULTS.truncation().topP();

    @Option(
        names = "--min-p",
        paramLabel = "P",
        description =
            "Drop tokens less likely than P times the likeliest; 0.05 by default, 0 drops none.")
    private float minP = DEFAULTS.truncation().minP();

    @Option(
        names = {"--typical-p", "--typical"},
        paramLabel = "P",
        description =
            "Choose among the most typical tokens that together have probability P; 1, all, by"
                + " default.")
    private float typicalP = DEFAULTS.truncation().typicalP();

    @Option(
        names = {"--top-nsigma", "--top-n-sigma"},
        paramLabel = "N",
        description =
            "Drop tokens whose score is more than N standard deviations below the highest; 0, none,"
                + " by default.")
    private float topNSigma = DEFAULTS.truncation().topNSigma();

    @Option(
        names = "--xtc-probability",
        paramLabel = "P",
        description =
            "How often to drop all top choices but the least likely; 0, never, by default.")
    private float xtcProbability = DEFAULTS.xtc().probability();

    @Option(
        names = "--xtc-threshold",
        paramLabel = "P",
        description = "From which probability on a token is a top choice; 0.1 by default.")
    private float xtcThreshold = DEFAULTS.xtc().threshold();
  }

  private static final class Repeats {
    @Option(
        names = {"--repetition-penalty", "--repeat-penalty"},
        paramLabel = "X",
        description = "Divide the scores of recent tokens by this; 1, none, by default.")
    private float repetition = DEFAULTS.penalties().repetition();

    @Option(
        names = "--presence-penalty",
        paramLabel = "X",
        description = "Take this off the scores of recent tokens; 0 by default.")
    private float presence = DEFAULTS.penalties().presence();

    @Option(
        names = "--frequency-penalty",
        paramLabel = "X",
        description = "Take this off for each time a token is recent; 0 by default.")
    private float frequency = DEFAULTS.penalties().frequency();

    @Option(
        names = {"--repeat-last-n", "--penalty-tokens"},
        paramLabel = "N",
        description = "How many of the last tokens count as recent; 64 by default, -1 is all.")
    private int tokens = DEFAULTS.penalties().tokens();

    @Option(
        names = "--dry-multiplier",
        paramLabel = "X",
        description =
            "How much a token costs that prolongs a repetition; 0, nothing, by default, 0.8 is"
                + " usual.")
    private float dryMultiplier = DEFAULTS.dry().multiplier();

    @Option(
        names = "--dry-base",
        paramLabel = "X",
        description = "How much more each further repeated token costs; 1.75 by default.")
    private float dryBase = DEFAULTS.dry().base();

    @Option(
        names = "--dry-allowed-length",
        paramLabel = "N",
        description = "Shorter repetitions cost nothing; 2 by default.")
    private int dryAllowedLength = DEFAULTS.dry().allowedLength();

    @Option(
        names = "--dry-penalty-last-n",
        paramLabel = "N",
        description = "How many of the last tokens are searched; -1, all, by default.")
    private int dryTokens = DEFAULTS.dry().tokens();

    @Option(
        names = "--dry-sequence-breaker",
        paramLabel = "TEXT",
        description = {
          "A repetition does not reach past this text; may be given more than once, 'none' is"
              + " none.",
          "By default a line end, a colon, a quotation mark and an asterisk."
        })
    private List<String> dryBreakers = new ArrayList<>();
  }

  private static final class Tokens {
    @Option(
        names = {"-l", "--logit-bias"},
        paramLabel = "ID+X",
        description =
            "Add X to the score of a token, as 15043+1.5 or 15043-2; ID-inf bans it. May be given"
                + " more than once.")
    private List<String> biases = new ArrayList<>();

    @Option(
        names = "--min-tokens",
        paramLabel = "N",
        description = "Write at least N tokens before the text may end by itself; 0 by default.")
    private int minTokens = DEFAULTS.rules().minTokens();

    @Option(
        names = "--stop-id",
        paramLabel = "ID",
        description = "End at this token, too; may be given more than once.")
    private List<Integer> stopIds = new ArrayList<>();
  }

  /// @throws ParameterException if a value is out of range
  Sampling sampling() {
    try {
      return DEFAULTS
          .withTemperature(draws.temperature)
          .with(new DynamicTemperature(draws.dynamicRange, draws.dynamicExponent))
          .with(new Mirostat(draws.mirostat, draws.mirostatTau, draws.mirostatEta))
          .withOrder(Stage.order(draws.order))
          .withSeed(draws.seed == null ? DEFAULTS.seed() : draws.seed)
          .with(new Truncation(drops.topK, drops.topP, drops.minP, drops.typicalP, drops.topNSigma))
          .with(new Xtc(drops.xtcProbability, drops.xtcThreshold))
          .with(
              new Penalties(
                  repeats.repetition, repeats.presence, repeats.frequency, repeats.tokens))
          .with(dry())
          .with(new TokenRules(biases(), tokens.minTokens, new HashSet<>(tokens.stopIds)));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), optionNamed(e.getMessage()), e);
    }
  }

  private Dry dry() {
    List<String> breakers = repeats.dryBreakers;
    if (breakers.isEmpty()) {
      breakers = DEFAULTS.dry().breakers();
    } else if (breakers.contains("none")) {
      breakers = List.of();
    }
    return new Dry(
        repeats.dryMultiplier,
        repeats.dryBase,
        repeats.dryAllowedLength,
        repeats.dryTokens,
        breakers);
  }

  /// Reads `15043+1.5`, `15043-2`, `15043-inf`.
  private Map<Integer, Float> biases() {
    var biases = new HashMap<Integer, Float>();
    for (String text : tokens.biases) {
      var parts = BIAS.matcher(text);
      if (!parts.matches()) {
        throw new ParameterException(
            command.commandLine(),
            "--logit-bias must be a token id and a number with its sign, as 15043+1.5, got '"
                + text
                + "'");
      }
      String value = parts.group(2);
      biases.put(Integer.valueOf(parts.group(1)), Float.valueOf(value.replace("inf", "Infinity")));
    }
    return biases;
  }

  /// `topP must be …` as `--top-p must be …`.
  private static String optionNamed(String message) {
    int end = message.indexOf(' ');
    String name = message.substring(0, end);
    if (OPTIONS.containsKey(name)) {
      return OPTIONS.get(name) + message.substring(end);
    }
    if (!message.startsWith(" must be", end)) {
      return message;
    }
    var option = new StringBuilder("--");
    for (char c : name.toCharArray()) {
      option.append(Character.isUpperCase(c) ? "-" + Character.toLowerCase(c) : c);
    }
    return option + message.substring(end);
  }
}
