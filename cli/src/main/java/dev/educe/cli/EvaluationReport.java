package dev.educe.cli;

import dev.educe.optimize.evaluate.Divergence;
import dev.educe.optimize.evaluate.Evaluation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What `educe evaluate` found, for people and for programs.
final class EvaluationReport {
  private static final int NAME_MAX = 32;

  private final String text;
  private final int context;
  private final int chunks;
  private final List<Evaluation> results;
  private final boolean hasReference;

  /// @param results the reference's first, if there is one
  EvaluationReport(
      String text, int context, int chunks, List<Evaluation> results, boolean hasReference) {
    this.text = text;
    this.context = context;
    this.chunks = chunks;
    this.results = List.copyOf(results);
    this.hasReference = hasReference;
  }

  /// How it was measured, in a line.
  String remark() {
    return Display.format("%s: %,d chunks of %,d tokens", text, chunks, context);
  }

  /// A row for each model.
  String table() {
    int width = results.stream().mapToInt(result -> name(result).length()).max().orElseThrow();
    String head = "%" + -(width + 2) + "s %8s %6s %10s %8s";
    var table = new StringBuilder(remark()).append("\n\n");
    table.append(Display.format(head, "  model", "size", "bits", "perplexity", "±"));
    if (hasReference) {
      table.append(
          Display.format(" %9s %9s %9s %9s %7s", "KLD mean", "median", "p99", "max", "same 1"));
    }
    table.append(Display.format(" %8s %8s%n", "read/s", "write/s"));
    for (int row = 0; row < results.size(); row++) {
      var result = results.get(row);
      table.append(
          Display.format(
              "%c %" + -width + "s %8s %6.2f %10.4f %8.4f",
              QualityPlot.letter(row),
              name(result),
              Display.bytes(result.fileBytes()),
              result.bitsPerWeight(),
              result.perplexity().value(),
              result.perplexity().error()));
      if (hasReference) {
        table.append(result.divergence().map(EvaluationReport::columns).orElse(" ".repeat(48)));
      }
      table.append(Display.format(" %,8.0f %,8.1f%n", result.readRate(), result.writeRate()));
    }
    return table.toString();
  }

  private static String columns(Divergence divergence) {
    return Display.format(
        " %9s %9s %9s %9s %5.1f %%",
        figure(divergence.mean()),
        figure(divergence.quantile(0.5)),
        figure(divergence.quantile(0.99)),
        figure(divergence.quantile(1)),
        100 * divergence.agreement());
  }

  /// Six decimals: three digits of what an 8-bit model diverges by.
  private static String figure(double value) {
    return Display.format(value < 10 ? "%.6f" : "%.3f", value);
  }

  private static String name(Evaluation result) {
    String name = Display.visible(result.path().getFileName().toString());
    return name.length() <= NAME_MAX ? name : "…" + name.substring(name.length() - NAME_MAX + 1);
  }

  /// All of it as a JSON object.
  String json() {
    var object = new LinkedHashMap<String, Object>();
    object.put("text", text);
    object.put("context", context);
    object.put("chunks", chunks);
    if (hasReference) {
      object.put("against", results.getFirst().path().toString());
    }
    var models = new ArrayList<Map<String, Object>>();
    results.forEach(result -> models.add(json(result)));
    object.put("models", models);
    return Json.write(object) + "\n";
  }

  private static Map<String, Object> json(Evaluation result) {
    var object = new LinkedHashMap<String, Object>();
    object.put("model", result.path().toString());
    object.put("bytes", result.fileBytes());
    object.put("parameters", result.parameters());
    object.put("bits_per_weight", result.bitsPerWeight());
    object.put("perplexity", result.perplexity().value());
    object.put("error", result.perplexity().error());
    object.put("tokens", result.perplexity().count());
    result
        .divergence()
        .ifPresent(divergence -> {
          var figures = new LinkedHashMap<String, Object>();
          figures.put("mean", divergence.mean());
          figures.put("median", divergence.quantile(0.5));
          figures.put("p99", divergence.quantile(0.99));
          figures.put("max", divergence.quantile(1));
          object.put("divergence", figures);
          object.put("agreement", divergence.agreement());
        });
    object.put("read_tokens_per_second", result.readRate());
    object.put("write_tokens_per_second", result.writeRate());
    return object;
  }
}
