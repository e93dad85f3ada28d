package dev.educe.cli;

import dev.educe.Educe;
import dev.educe.Generation;
import dev.educe.Generation.Finish;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.grammar.SchemaOptions;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.KvType;
import dev.educe.sampling.LogProbabilities;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe run`: a prompt and its continuation.
@Command(
    name = "run",
    customSynopsis = "educe run [OPTION]… [MODEL] [PROMPT]",
    description = {
      "Continues a text.",
      "",
      "Prints PROMPT and its continuation as it is written, and at the end a line of figures to"
          + " standard error. Without MODEL the little storyteller that comes with Educe goes on."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe run \"Once upon a time\"",
      "  educe run model.gguf \"Once upon a time\"",
      "  educe run model.gguf \"Once upon a time\" -n 200 --temperature 0",
      "  educe run model.gguf \"A cat as JSON: \" --schema cat.json --no-echo",
      "  educe run model.gguf --no-echo --stop Question: < questions.txt",
      "",
      "A prompt that begins with '-' comes after '--'."
    })
final class RunCommand implements Callable<Integer> {
  /// More than any context holds.
  private static final int TOKENS_MAX = Loading.CONTEXT_MAX;

  /// As many as are looked at in one line of JSON.
  private static final int LOGPROBS_MAX = 1_000;

  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Mixin private Guessing guessing;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "PROMPT",
      description = {
        "The text to continue.",
        "Without it, standard input is read to its end; one line end there at the end is not part"
            + " of the prompt."
      })
  private String prompt;

  @Option(
      names = {"-n", "--tokens"},
      paramLabel = "N",
      description = "Write at most N tokens; ${DEFAULT-VALUE} by default.",
      defaultValue = "128")
  private int tokens;

  @Mixin private SamplingOptions samplingOptions;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End before this text is written; may be given more than once.")
  private List<String> stop = List.of();

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description =
          "How many tokens prompt and continuation may have; the model's own, at most 8,192, unless"
              + " given.")
  private Integer context;

  @Option(
      names = "--special",
      description = "Read the text of special tokens in PROMPT, as <s>, as those tokens.")
  private boolean special;

  @ArgGroup private Shape shape = new Shape();

  /// What the continuation must look like: one of these, or nothing.
  private static final class Shape {
    @Option(
        names = "--schema",
        paramLabel = "FILE",
        description = "Write nothing but JSON of this JSON schema.")
    private Path schema;

    @Option(
        names = "--grammar",
        paramLabel = "FILE",
        description = "Write nothing but texts of this grammar, in GBNF.")
    private Path grammar;

    @Option(
        names = "--regex",
        paramLabel = "REGEX",
        description = "Write nothing but what this regular expression matches as a whole.")
    private String regex;

    /// The request, held to the shape.
    Request of(Request request, Model model) throws IOException {
      if (schema != null) {
        var options = SchemaOptions.defaults().closed();
        return request.withGrammar(model.grammars().schema(read(schema), options));
      } else if (grammar != null) {
        return request.withGrammar(model.grammars().gbnf(read(grammar)));
      }
      return regex == null ? request : request.withGrammar(model.grammars().regex(regex));
    }

    private static String read(Path file) throws IOException {
      return Display.decode(Files.readAllBytes(ModelFile.readable(file)), file.toString());
    }
  }

  @Option(names = "--no-echo", description = "Print the continuation only.")
  private boolean noEcho;

  @Option(names = "--json", description = "Print one JSON object at the end, and no figures.")
  private boolean json;

  @Option(
      names = "--logprobs",
      paramLabel = "K",
      description =
          "With --json: the log probability of each written token, and of the K likeliest ones.")
  private Integer logprobs;

  @Option(names = "--verbose", description = "Say on standard error what was loaded.")
  private boolean verbose;

  RunCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    var bounds = new Bounds(spec.commandLine());
    bounds.check("-n", tokens, 1, TOKENS_MAX);
    if (context != null) {
      bounds.check("--context", context, 1, Loading.CONTEXT_MAX);
    }
    if (logprobs != null) {
      bounds.check("--logprobs", logprobs, 0, LOGPROBS_MAX);
      bounds.check(json, "--logprobs", "together with --json", "it alone");
    }
    var sampling = samplingOptions.sampling();
    var options = guessing.of(loading.options(context == null ? 0 : context, KvType.F16));
    // One argument that is no file is what is to be continued.
    var only = prompt == null ? loading.file().text() : Optional.<String>empty();
    if (only.isPresent()) {
      prompt = only.get();
      loading.file().embed();
      if (prompt.chars().noneMatch(Character::isWhitespace)) {
        console.note(
            "There is no file '"
                + prompt
                + "': it is taken as a text for the embedded model to continue. Another model comes"
                + " before the text: educe run MODEL TEXT");
      }
    }
    loading.file().embedByDefault();
    var path = loading.file().require();
    String text = prompt == null ? read() : prompt;
    for (String stopText : stop) {
      bounds.check(!stopText.isEmpty(), "--stop", "a text", "an empty one");
    }
    var plain =
        Request.of(text)
            .withTokensMax(tokens)
            .withSampling(sampling)
            .withStop(stop)
            .withSpecial(special);
    if (logprobs != null) {
      plain = plain.withLogprobs(logprobs);
    }
    try (var model = loading.load(console, options)) {
      if (verbose) {
        console.note(path + ": " + model.summary());
      }
      var request = shape.of(plain, model);
      var generation = json ? model.generate(request) : stream(model, request);
      if (json) {
        console.println(json(model, request, generation));
      } else {
        console.endLine();
        console.note(figures(generation, sampling.isGreedy()));
      }
      return generation.finish() == Finish.CANCELLED ? ExitCode.INTERRUPTED : ExitCode.OK;
    }
  }

  private Generation stream(Model model, Request request) {
    if (!noEcho) {
      console.printForeign(request.prompt());
    }
    return model.generate(request, console::printForeign);
  }

  private String read() throws IOException {
    if (console.isInputTerminal()) {
      console.note("Type the prompt; Ctrl-D on a new line ends it.");
    }
    String text = console.readAll();
    // Who types a line or echoes it means the text, not the line end.
    if (text.endsWith("\r\n")) {
      return text.substring(0, text.length() - 2);
    }
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  private String figures(Generation generation, boolean isGreedy) {
    var usage = generation.usage();
    var line =
        Display.format(
            "read %,d tokens at %s tokens/s, wrote %,d at %s tokens/s, first token after %.3f s",
            usage.promptTokens(),
            Display.rate(usage.promptRate()),
            usage.generatedTokens(),
            Display.rate(usage.decodeRate()),
            usage.firstTokenNanos() / 1e9);
    line += isGreedy ? "" : ", seed " + usage.seed();
    return console.isErrorColoured() ? "\033[2m" + line + "\033[0m" : line;
  }

  private static String json(Model model, Request request, Generation generation) {
    var usage = generation.usage();
    var object = new LinkedHashMap<String, Object>();
    object.put("prompt", request.prompt());
    object.put("text", generation.text());
    object.put("tokens", generation.tokens());
    if (request.logprobs().isPresent()) {
      object.put(
          "logprobs", generation.logprobs().stream().map(each -> logprobs(model, each)).toList());
    }
    object.put("finish", generation.finish().name().toLowerCase(Locale.ROOT));
    object.put("prompt_tokens", usage.promptTokens());
    object.put("generated_tokens", usage.generatedTokens());
    object.put("drafted_tokens", usage.draftedTokens());
    object.put("rejected_tokens", usage.rejectedTokens());
    object.put("prompt_seconds", usage.promptNanos() / 1e9);
    object.put("first_token_seconds", usage.firstTokenNanos() / 1e9);
    object.put("decode_seconds", usage.decodeNanos() / 1e9);
    object.put("prompt_tokens_per_second", usage.promptRate());
    object.put("generated_tokens_per_second", usage.decodeRate());
    if (!request.sampling().isGreedy()) {
      object.put("seed", usage.seed());
    }
    object.put("version", Educe.VERSION);
    object.put("arithmetic_contract", Kernels.CONTRACT_VERSION);
    return Json.write(object);
  }

  private static Map<String, Object> logprobs(Model model, LogProbabilities logprobs) {
    var object = logprob(model, logprobs.token(), logprobs.logProbability());
    object.put(
        "likeliest",
        IntStream.range(0, logprobs.count())
            .mapToObj(rank -> logprob(model, logprobs.token(rank), logprobs.logProbability(rank)))
            .toList());
    return object;
  }

  private static Map<String, Object> logprob(Model model, int token, float logProbability) {
    var object = new LinkedHashMap<String, Object>();
    object.put("token", token);
    object.put("text", new String(model.tokenizer().bytes(token), StandardCharsets.UTF_8));
    // JSON has no infinity, which a token has that cannot come.
    object.put("logprob", Math.max(logProbability, -Float.MAX_VALUE));
    return object;
  }
}
