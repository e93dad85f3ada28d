package dev.educe.cli;

import dev.educe.Model;
import dev.educe.kernels.KvType;
import dev.educe.sampling.NumericalException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe perplexity`: how well a model predicts a text.
///
/// The method is llama.cpp's, so that values can be compared: the text is tokenized once and cut
/// into chunks of the context's length, a rest is left out; where the model wants a BOS, it
/// replaces each chunk's first token; only the second half of each chunk counts, so that every
/// counted token has half a context before it.
@Command(
    name = "perplexity",
    customSynopsis = "educe perplexity [OPTION]… MODEL FILE",
    description = {
      "Measures how well a model predicts a text; lower is better.",
      "",
      "The value of all chunks so far is printed after each, and at the end the result with its"
          + " standard error. Values compare with llama.cpp's of the same context length."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe perplexity model.gguf book.txt",
      "  educe perplexity model.gguf book.txt -c 256"
    })
final class PerplexityCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "FILE",
      description = "The text, in UTF-8, of at least two contexts.")
  private Path text;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of a chunk; ${DEFAULT-VALUE} by default.")
  private int context;

  @Option(names = "--json", description = "Print one JSON object at the end.")
  private boolean json;

  PerplexityCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    new Bounds(spec.commandLine()).check("--context", context, 4, Loading.CONTEXT_MAX);
    var options = loading.options(context, KvType.F16);
    loading.file().require();
    if (text == null) {
      throw new ParameterException(spec.commandLine(), "FILE is missing: give the path of a text");
    }
    String source = Display.decode(Files.readAllBytes(ModelFile.readable(text)), text.toString());
    try (var model = loading.load(console, options)) {
      int[] tokens = model.tokenizer().encode(source, false);
      int chunks = tokens.length / context;
      if (chunks < 2) {
        throw new IOException(
            "%s has %,d tokens; two contexts, %,d, are needed: take a longer text or a smaller -c"
                .formatted(text, tokens.length, 2L * context));
      }
      var perplexity = measure(model, tokens, chunks);
      console.print(json ? json(perplexity, chunks) : line(perplexity));
    }
    return ExitCode.OK;
  }

  private Perplexity measure(Model model, int[] tokens, int chunks) {
    var bos = model.tokenizer().bos();
    // The way to ask a tokenizer whether a text begins with BOS is to begin one.
    int[] empty = model.tokenizer().encode("", false);
    boolean isBosWanted = bos.isPresent() && empty.length > 0 && empty[0] == bos.getAsInt();
    var perplexity = new Perplexity();
    var row = new int[1];
    for (int chunk = 0; chunk < chunks; chunk++) {
      int[] part = Arrays.copyOfRange(tokens, chunk * context, (chunk + 1) * context);
      int[] input = part.clone();
      if (isBosWanted) {
        input[0] = bos.getAsInt();
      }
      row[0] = 0;
      model.logits(
          input,
          logits -> {
            int position = row[0]++;
            if (position >= context / 2 && position < context - 1) {
              perplexity.add(logits, part[position + 1]);
            }
          });
      if (Thread.interrupted()) {
        throw new CancellationException();
      }
      if (Double.isNaN(perplexity.value())) {
        throw new NumericalException(
            "chunk %,d gives no perplexity: its logits are not numbers".formatted(chunk + 1));
      }
      if (!json) {
        console.print(Display.format("[%d]%.4f,", chunk + 1, perplexity.value()));
      }
    }
    if (!json) {
      console.print("\n");
    }
    return perplexity;
  }

  private static String line(Perplexity perplexity) {
    return Display.format("PPL = %.4f +/- %.5f%n", perplexity.value(), perplexity.error());
  }

  private String json(Perplexity perplexity, int chunks) {
    var object = new LinkedHashMap<String, Object>();
    object.put("perplexity", perplexity.value());
    object.put("error", perplexity.error());
    object.put("chunks", chunks);
    object.put("context", context);
    object.put("tokens", perplexity.count());
    return Json.write(object) + "\n";
  }
}
