package dev.educe.bench;

import dev.educe.optimize.Chunks;
import dev.educe.optimize.ImportanceMatrix;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluation;
import dev.educe.optimize.evaluate.Evaluator;
import dev.educe.optimize.quantize.Mix;
import dev.educe.optimize.quantize.QuantizeOptions;
import dev.educe.optimize.quantize.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/// `./dev bench quantized`: what each format costs in quality, without and with an importance
/// matrix, as the divergence from the model that is quantized.
///
/// The first half of a text is what the matrix is measured on, the second half what models are
/// compared on.
final class QuantizedCommand {
  private static final Set<String> VALUED = Set.of("--on", "--context", "--mixes");
  private static final List<Mix> MIXES =
      List.of(
          Mix.Q8_0,
          Mix.Q6_K,
          Mix.Q5_K_M,
          Mix.Q4_K_M,
          Mix.IQ4_NL,
          Mix.IQ4_XS,
          Mix.Q4_0,
          Mix.MXFP4,
          Mix.Q3_K_M,
          Mix.Q2_K);
  private static final int CONTEXT = 256;

  private final Path model;
  private final Path text;
  private final ReadingOptions reading;
  private final List<Mix> mixes;

  /// One format, without and with the matrix.
  private record Row(Mix mix, Evaluation plain, Evaluation weighted) {
    static double divergence(Evaluation evaluation) {
      return evaluation.divergence().orElseThrow().mean();
    }
  }

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  QuantizedCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1 || arguments.value("--on").isEmpty()) {
      throw new IllegalArgumentException("name one MODEL in F32 or F16, and a text with --on");
    }
    this.model = root.resolve(arguments.rest().getFirst());
    this.text = root.resolve(arguments.value("--on").get());
    this.reading =
        ReadingOptions.defaults().withContextTokens(arguments.number("--context", CONTEXT));
    this.mixes = arguments.value("--mixes").map(QuantizedCommand::mixes).orElse(MIXES);
  }

  private static List<Mix> mixes(String names) {
    return Arrays.stream(names.split(","))
        .map(name ->
            Mix.of(name)
                .orElseThrow(() ->
                    new IllegalArgumentException(
                        "there is no mix '%s'; there are %s".formatted(name, Mix.names()))))
        .toList();
  }

  void run() throws IOException {
    var sample = Sample.of(text.getFileName().toString(), Files.readString(text));
    Path folder = Files.createTempDirectory("educe-quantized");
    var rows = new ArrayList<Row>();
    try (var reference = MeasuredModel.load(model, reading)) {
      int half = Chunks.of(reference.tokenizer(), sample, reading.contextTokens(), 2).count() / 2;
      var importance =
          ImportanceMatrix.measure(model, reading, sample.withChunksMax(half), (_, _, _) -> {});
      var chunks =
          Chunks.of(reference.tokenizer(), sample.withFirstChunk(half), reading.contextTokens(), 1);
      System.out.printf(
          "%s: importance of the first %d chunks of %d tokens, divergence over the other %d%n%n",
          model.getFileName(), half, reading.contextTokens(), chunks.count());
      for (Mix mix : mixes) {
        var options = QuantizeOptions.of(mix);
        rows.add(
            new Row(
                mix,
                evaluated(reference, options, folder.resolve(mix + ".gguf"), chunks),
                evaluated(
                    reference,
                    options.withImportance(importance),
                    folder.resolve(mix + "-imatrix.gguf"),
                    chunks)));
      }
    } finally {
      Files.deleteIfExists(folder);
    }
    print(rows);
  }

  private Evaluation evaluated(
      MeasuredModel reference, QuantizeOptions options, Path file, Chunks chunks)
      throws IOException {
    try (var quantizer = Quantizer.open(model, options)) {
      quantizer.write(quantizer.plan(_ -> {}), file, _ -> {});
      try (var quantized = MeasuredModel.load(file, reading)) {
        return Evaluator.compare(reference, quantized, chunks, (_, _, _) -> {}).getLast();
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static void print(List<Row> rows) {
    rows.sort(Comparator.comparingLong((Row row) -> row.plain.weightBytes()).reversed());
    System.out.printf(
        "%-10s %8s %12s %12s %8s%n", "mix", "bits", "KLD plain", "with matrix", "ratio");
    int lower = 0;
    int same = 0;
    boolean isFalling = true;
    double before = 0;
    for (Row row : rows) {
      double plain = Row.divergence(row.plain);
      double weighted = Row.divergence(row.weighted);
      System.out.printf(
          "%-10s %8.2f %12.6f %12.6f %8.3f%n",
          row.mix, row.weighted.bitsPerWeight(), plain, weighted, weighted / plain);
      lower += weighted < plain ? 1 : 0;
      same += weighted == plain ? 1 : 0;
      if (row.mix == Mix.Q8_0 || row.mix.name().contains("_K")) {
        isFalling &= weighted > before;
        before = weighted;
      }
    }
    System.out.printf(
        "%nof %d mixes the matrix lowers the divergence in %d and leaves it in %d; from Q8_0 down"
            + " the K mixes it %s%n",
        rows.size(), lower, same, isFalling ? "rises as the size falls" : "does not always rise");
  }
}
