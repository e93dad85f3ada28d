package dev.educe.cli;

import dev.educe.Educe;
import dev.educe.cli.load.LoadResult;
import dev.educe.cli.load.ServerFigures.Histogram;
import dev.educe.cli.load.Spread;
import dev.educe.cli.load.Target;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What `educe bench serve` measured, for people and for programs.
final class LoadReport {
  private static final double[] PERCENTILES = {50, 90, 95, 99, 100};

  private final Target target;
  private final String prompts;
  private final List<LoadResult> results = new ArrayList<>();
  private final List<Optional<Map<String, Histogram>>> servers = new ArrayList<>();

  /// @param prompts lengths or a file
  LoadReport(Target target, String prompts) {
    this.target = target;
    this.prompts = prompts;
  }

  /// @param server what the server counted meanwhile, if it was asked
  void add(LoadResult result, Optional<Map<String, Histogram>> server) {
    results.add(result);
    servers.add(server);
  }

  List<LoadResult> results() {
    return results;
  }

  boolean isAnyDone() {
    return results.stream().anyMatch(result -> result.done() > 0);
  }

  String title() {
    return "%s at %s".formatted(target.model(), target.at(target.endpoint().path()));
  }

  String remark() {
    boolean isFile = !Character.isDigit(prompts.charAt(0));
    return "%s, %s %,d tokens written for each"
        .formatted(
            isFile ? "prompts of " + prompts : "prompts of " + prompts + " tokens",
            target.isExact() ? "exactly" : "at most",
            target.tokensMax());
  }

  /// The last result, as a table.
  String last() {
    var result = results.getLast();
    var text = new StringBuilder();
    text.append(
        Display.format(
            "%s: %,d requests in %.1f s, %,d refused, %,d failed; %.2f requests/s, %,.1f tokens/s"
                + " written, %,.1f read%n",
            result.name(),
            result.requests(),
            result.seconds(),
            result.refused(),
            result.failed(),
            result.requestRate(),
            result.tokenRate(),
            result.promptTokenRate()));
    if (result.hasGoals()) {
      text.append(Display.format("within the goals: %.2f requests/s%n", result.goodRate()));
    }
    result
        .errors()
        .forEach((error, count) -> text.append(Display.format("%,7d × %s%n", count, error)));
    text.append(
        Display.format(
            "%-12s %10s %10s %10s %10s %10s %10s%n",
            "ms", "mean", "p50", "p90", "p95", "p99", "max"));
    result
        .times()
        .forEach((name, spread) -> text.append(row(name.toUpperCase(Locale.ROOT), spread)));
    servers
        .getLast()
        .ifPresent(server -> server.forEach((name, times) -> text.append(row(name, times))));
    if (!result.refusalTimes().isEmpty()) {
      text.append(row("refusal", result.refusalTimes()));
    }
    text.append(row("sent late", result.delays()));
    return text.toString();
  }

  private static String row(String name, Spread spread) {
    if (spread.isEmpty()) {
      return "";
    }
    var row = new StringBuilder(Display.format("%-12s %,10.2f", name, spread.mean()));
    for (double percent : PERCENTILES) {
      row.append(Display.format(" %,10.2f", spread.percentile(percent)));
    }
    return row + "\n";
  }

  /// The server knows no maximum, and of its mean nothing is said.
  private static String row(String name, Histogram times) {
    var row =
        new StringBuilder(
            Display.format("%-12s %10s", "server " + name.toUpperCase(Locale.ROOT), ""));
    for (int i = 0; i < PERCENTILES.length - 1; i++) {
      row.append(Display.format(" %,10.2f", times.percentile(PERCENTILES[i])));
    }
    return row + "\n";
  }

  /// All results as a JSON object.
  String json() {
    var object = new LinkedHashMap<String, Object>();
    object.put("url", target.base().toString());
    object.put("endpoint", target.endpoint().path());
    object.put("model", target.model());
    object.put("prompts", prompts);
    object.put("max_tokens", target.tokensMax());
    object.put("exact", target.isExact());
    object.put("temperature", target.temperature());
    object.put("time", Instant.now().toString());
    object.put("version", Educe.VERSION);
    var loads = new ArrayList<Map<String, Object>>();
    for (int i = 0; i < results.size(); i++) {
      var load = results.get(i).json();
      servers.get(i).ifPresent(server -> load.put("server", json(server)));
      loads.add(load);
    }
    object.put("loads", loads);
    return Json.write(object) + "\n";
  }

  private static Map<String, Object> json(Map<String, Histogram> server) {
    var object = new LinkedHashMap<String, Object>();
    server.forEach((name, times) -> {
      var figures = new LinkedHashMap<String, Object>();
      figures.put("count", times.count());
      for (double percent : new double[] {50, 90, 95, 99}) {
        figures.put("p%.0f".formatted(percent), times.percentile(percent));
      }
      object.put(name + "_ms", figures);
    });
    return object;
  }
}
