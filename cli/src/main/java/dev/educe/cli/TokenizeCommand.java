package dev.educe.cli;

import dev.educe.format.Gguf;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `educe tokenize`: what a model reads when it reads a text.
@Command(
    name = "tokenize",
    customSynopsis = "educe tokenize [OPTION]… MODEL [TEXT]",
    description = {
      "Shows the tokens of a text, one on each line: its id and its piece of the vocabulary.",
      "",
      "A file with nothing but a vocabulary is enough."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe tokenize model.gguf \"Once upon a time\"",
      "  educe tokenize model.gguf --json --no-bos < story.txt"
    })
final class TokenizeCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private ModelFile file;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "TEXT",
      description = "The text; without it, standard input to its end, line ends included.")
  private String text;

  @Option(
      names = "--special",
      description = "Read the text of special tokens, as <s>, as those tokens.")
  private boolean special;

  @Option(
      names = "--no-bos",
      description = "Add no tokens at the beginning and the end, as the model may ask for.")
  private boolean noBos;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  TokenizeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    var path = file.require();
    Tokenizer tokenizer;
    try (var gguf = Gguf.open(path)) {
      tokenizer = Tokenizer.of(gguf.metadata());
    }
    String source = text == null ? console.readAll() : text;
    int[] ids = noBos ? tokenizer.encodePlain(source, special) : tokenizer.encode(source, special);
    console.print(json ? json(tokenizer, ids) : lines(tokenizer, ids));
    return ExitCode.OK;
  }

  private static String lines(Tokenizer tokenizer, int[] ids) {
    var lines = new StringBuilder();
    for (int id : ids) {
      String piece = Display.quoted(tokenizer.piece(id), Integer.MAX_VALUE);
      lines.append(Display.format("%7d  %s%n", id, piece));
    }
    return lines.toString();
  }

  private static String json(Tokenizer tokenizer, int[] ids) {
    var tokens = new ArrayList<Map<String, Object>>();
    for (int id : ids) {
      var token = new LinkedHashMap<String, Object>();
      token.put("id", id);
      token.put("piece", tokenizer.piece(id));
      tokens.add(token);
    }
    return Json.write(Map.of("tokens", tokens)) + "\n";
  }
}
