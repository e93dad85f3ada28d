package dev.educe.cli;

import dev.educe.optimize.Chunks;
import dev.educe.optimize.evaluate.Evaluator;
import dev.educe.optimize.evaluate.Perplexity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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

  @Mixin private ModelFile file;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "FILE",
      description = "The text, in UTF-8, of at least two contexts.")
  private Path text;

  @Mixin private Measuring measuring;

  @Option(names = "--json", description = "Print one JSON object at the end.")
  private boolean json;

  PerplexityCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    measuring.options();
    var path = file.require();
    var sample = measuring.sample(text, "FILE");
    try (var model = measuring.load(console, path)) {
      var chunks = Chunks.of(model.tokenizer(), sample, measuring.context(), 2);
      var perplexity = Evaluator.evaluate(model, chunks, this::show).perplexity();
      if (!json) {
        console.print("\n");
      }
      console.print(json ? json(perplexity, chunks.count()) : line(perplexity));
    }
    return ExitCode.OK;
  }

  private void show(int done, int chunks, Perplexity soFar) {
    if (!json) {
      console.print(Display.format("[%d]%.4f,", done, soFar.value()));
    }
  }

  private static String line(Perplexity perplexity) {
    return Display.format("PPL = %.4f +/- %.5f%n", perplexity.value(), perplexity.error());
  }

  private String json(Perplexity perplexity, int chunks) {
    var object = new LinkedHashMap<String, Object>();
    object.put("perplexity", perplexity.value());
    object.put("error", perplexity.error());
    object.put("chunks", chunks);
    object.put("context", measuring.context());
    object.put("tokens", perplexity.count());
    return Json.write(object) + "\n";
  }
}
