package dev.educe.bench;

import dev.educe.cli.load.Load;
import dev.educe.cli.load.LoadClient;
import dev.educe.cli.load.LoadResult;
import dev.educe.cli.load.Prompts;
import dev.educe.cli.load.Reply;
import dev.educe.cli.load.Spread;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Twenty times as many requests as can be answered, between turns of as many as can be, and what
/// is left of them five seconds later.
///
/// Goodput is tokens a second of answers that came whole and in time. Of the storm and of the peak
/// that it is held against, the same is counted: what came from the end of the first answer until
/// the last request was due, neither while an idle engine fills nor while it empties.
final class Overload {
  private static final double TIMES = 20;
  private static final double REFUSAL_MILLIS_MAX = 50;
  private static final int AFTER_SECONDS = 5;
  private static final int MANY = 1_000_000;
  private static final int WARM_ANSWERS = 32;
  private static final int WARM_REFUSALS = 6_000;
  private static final double WARM_REFUSALS_RATE = 600;

  // A storm's answers may take as long as the peak's longest did, and so long in the queue.
  private static final double WAIT_MILLIS_MAX = 4_000;

  private final ServedProcess server;
  private final LoadClient client;
  private final Prompts prompts;
  private final int places;
  private final Duration time;
  private final int rounds;

  /// @param places how many texts the server runs at once
  /// @param time of a turn
  Overload(
      ServedProcess server,
      LoadClient client,
      Prompts prompts,
      int places,
      Duration time,
      int rounds) {
    this.server = server;
    this.client = client;
    this.prompts = prompts;
    this.places = places;
    this.time = time;
    this.rounds = rounds;
  }

  /// One load and what it took: processor time of this process, of the server, of those of the
  /// server's threads that compute or compile, and of the whole machine.
  private record Turn(
      List<Reply> replies,
      double clients,
      double server,
      double engine,
      double compilers,
      double machine) {
    LoadResult result() {
      return new LoadResult("turn", 0, replies, List.of());
    }

    /// Tokens a second of good answers, between the first end and the last beginning.
    double goodput(double millisMax) {
      return Goodput.of(replies, millisMax);
    }

    /// Processor seconds a second of the server's threads that neither compute nor compile.
    double httpCores() {
      return (server - engine - compilers) / result().seconds();
    }

    /// Who has processors meanwhile, and how many.
    String processors() {
      double seconds = result().seconds();
      return String.format(
          Locale.ROOT,
          "%.2f of the server's threads that compute, %.2f of its compilers, %.2f of its others,"
              + " %.2f of the clients, %.2f of whoever else there is",
          engine / seconds,
          compilers / seconds,
          httpCores(),
          clients / seconds,
          Math.max(0, machine - server - clients) / seconds);
    }
  }

  void run() throws IOException, InterruptedException, ExecutionException {
    warmUp();
    var peaks = new ArrayList<Turn>(List.of(peak()));
    var before = open(time.dividedBy(2), 0.5 * peaks.getFirst().result().requestRate());
    double[] shares = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      double rate = peaks.get(round).result().requestRate();
      var later = new FutureTask<>(() -> after(0.5 * rate));
      Thread.ofPlatform().daemon().start(later);
      var storm = turn(() -> open(time, TIMES * rate));
      var after = later.get();
      peaks.add(peak());
      shares[round] = report(storm, peaks.get(round), peaks.get(round + 1));
      ServeCommand.print(
          "first token at half of the peak: p50 %.1f, p90 %.1f ms before; %.1f, %.1f ms %d s after",
          new LoadResult("rate", 0, before, List.of()).firstTimes().percentile(50),
          new LoadResult("rate", 0, before, List.of()).firstTimes().percentile(90),
          new LoadResult("rate", 0, after, List.of()).firstTimes().percentile(50),
          new LoadResult("rate", 0, after, List.of()).firstTimes().percentile(90),
          AFTER_SECONDS);
    }
    var all = Series.of(shares);
    ServeCommand.print(
        "goodput of the storm: %.1f %% of the peak's (%.1f to %.1f)",
        all.median(), all.least(), all.greatest());
  }

  private interface Work {
    List<Reply> run();
  }

  private Turn turn(Work work) throws IOException {
    double own = ServedProcess.seconds(ProcessHandle.current());
    double server = this.server.seconds();
    double engine = this.server.engineSeconds();
    double compilers = this.server.compilerSeconds();
    double machine = ProcessStatus.machineSeconds();
    var replies = work.run();
    return new Turn(
        replies,
        ServedProcess.seconds(ProcessHandle.current()) - own,
        this.server.seconds() - server,
        this.server.engineSeconds() - engine,
        this.server.compilerSeconds() - compilers,
        ProcessStatus.machineSeconds() - machine);
  }

  private Turn peak() throws IOException {
    return turn(() -> load(MANY, time).closed(places));
  }

  private List<Reply> open(Duration time, double rate) {
    return load(MANY, time).open(rate, 1, new Random(1));
  }

  private Load load(int count, Duration time) {
    return new Load(client, prompts, count, time, _ -> {});
  }

  /// Answers and refusals until both sides' code for them was compiled.
  private void warmUp() {
    load(WARM_ANSWERS, Duration.ZERO).closed(places);
    load(WARM_REFUSALS, Duration.ZERO).open(WARM_REFUSALS_RATE, 1, new Random(1));
  }

  /// Whether or not all that the storm left behind has been answered.
  private List<Reply> after(double rate) throws InterruptedException {
    Thread.sleep(time.plusSeconds(AFTER_SECONDS));
    return open(time.dividedBy(2), rate);
  }

  private double report(Turn storm, Turn before, Turn after) {
    double longest =
        Math.max(before.result().totalTimes().max(), after.result().totalTimes().max());
    double millisMax = longest + WAIT_MILLIS_MAX;
    double peak = (before.goodput(millisMax) + after.goodput(millisMax)) / 2;
    double share = 100 * storm.goodput(millisMax) / peak;
    var result = storm.result();
    ServeCommand.print(
        "peak: %.1f and %.1f tokens/s; %,.0f requests/s offered: %.1f tokens/s of answers within"
            + " %,.0f ms: %.1f %%; %,d of %,d refused, %,d answered, %,d failed",
        before.goodput(millisMax),
        after.goodput(millisMax),
        result.requests() / (double) time.toSeconds(),
        storm.goodput(millisMax),
        millisMax,
        share,
        result.refused(),
        result.requests(),
        result.done(),
        result.failed());
    Spread refusals = result.refusalTimes();
    ServeCommand.print(
        "refusals: p50 %.2f, p95 %.2f, p99 %.2f, longest %.2f ms, %.1f %% within %.0f ms; with"
            + " Retry-After: %s; sent late by p99 %.1f ms; %s",
        refusals.percentile(50),
        refusals.percentile(95),
        refusals.percentile(99),
        refusals.max(),
        100.0
            * Arrays.stream(refusals.sorted()).filter(each -> each <= REFUSAL_MILLIS_MAX).count()
            / Math.max(1, result.refused()),
        REFUSAL_MILLIS_MAX,
        result.json().get("refused_with_retry_after"),
        result.delays().percentile(99),
        result.errors().size());
    double http = Math.max(0, storm.httpCores() - before.httpCores());
    ServeCommand.print(
        "processors: at the peak %s; in the storm %s; for each refusal %.0f µs of the server's",
        before.processors(),
        storm.processors(),
        1e6 * http * result.seconds() / Math.max(1, result.refused()));
    return share;
  }
}
