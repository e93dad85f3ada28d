package dev.educe.cli;

import dev.educe.EmbeddingOptions;
import dev.educe.Embeddings;
import dev.educe.kernels.KvType;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe embed`: a text as a vector.
@Command(
    name = "embed",
    customSynopsis = "educe embed [OPTION]… MODEL [TEXT]",
    description = {
      "Turns a text into a vector of length 1: the mean of its hidden states, or what the model's"
          + " file asks for.",
      "",
      "Any model gives one; those trained for it give the better ones."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe embed model.gguf \"Once upon a time\"",
      "  educe embed model.gguf --json --dimensions 256 < story.txt"
    })
final class EmbedCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "TEXT",
      description = "The text; without it, standard input to its end, line ends included.")
  private String text;

  @Option(
      names = "--dimensions",
      paramLabel = "N",
      description = "How many values to keep, made one long again; all unless given.")
  private Integer dimensions;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  EmbedCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    var options = EmbeddingOptions.defaults();
    try (var model = loading.load(console, loading.options(0, KvType.F16))) {
      if (dimensions != null) {
        var bounds = new Bounds(spec.commandLine());
        bounds.check("--dimensions", dimensions, 1, model.stateSize());
        options = options.withDimensions(dimensions);
      }
      String source = text == null ? console.readAll() : text;
      var embeddings = model.embedder().embed(List.of(source), options);
      console.print((json ? json(embeddings) : line(embeddings)) + "\n");
    }
    return ExitCode.OK;
  }

  private static String line(Embeddings embeddings) {
    var line = new StringJoiner(" ");
    for (float value : embeddings.vectors().getFirst()) {
      line.add(Float.toString(value));
    }
    return line.toString();
  }

  private static String json(Embeddings embeddings) {
    var object = new LinkedHashMap<String, Object>();
    object.put("embedding", embeddings.vectors().getFirst());
    object.put("tokens", embeddings.promptTokens());
    return Json.write(object);
  }
}
