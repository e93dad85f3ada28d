package dev.educe.cli.load;

import dev.educe.cli.load.Reply.Outcome;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/// What came of one load.
public final class LoadResult {
  private final String kind;
  private final double value;
  private final List<Reply> replies;
  private final List<Reply> done;
  private final List<Reply> refused;
  private final List<Goal> goals;
  private final double seconds;

  /// @param kind what was varied: `rate` or `concurrency`
  /// @param value of it
  /// @param replies at least one
  /// @param goals that an answer must all keep to count as good
  public LoadResult(String kind, double value, List<Reply> replies, List<Goal> goals) {
    this.kind = kind;
    this.value = value;
    this.replies = replies;
    this.goals = goals;
    done = replies.stream().filter(reply -> reply.outcome() == Outcome.DONE).toList();
    refused = replies.stream().filter(reply -> reply.outcome() == Outcome.REFUSED).toList();
    long from = replies.stream().mapToLong(Reply::intended).min().orElse(0);
    long to = replies.stream().mapToLong(Reply::end).max().orElse(from);
    seconds = Math.max(1, to - from) / 1e9;
  }

  /// What was varied, and its value: `concurrency 4`.
  public String name() {
    return kind + " " + valueText();
  }

  /// What was varied.
  public String kind() {
    return kind;
  }

  /// Its value without superfluous digits.
  public String valueText() {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  /// From when the first request was due until the last was over.
  public double seconds() {
    return seconds;
  }

  public int requests() {
    return replies.size();
  }

  /// How many were answered to the end.
  public int done() {
    return done.size();
  }

  public int refused() {
    return refused.size();
  }

  public int failed() {
    return replies.size() - done.size() - refused.size();
  }

  /// Requests answered, a second.
  public double requestRate() {
    return done.size() / seconds;
  }

  /// Requests answered that met all goals, a second.
  public double goodRate() {
    return done.stream().filter(r -> goals.stream().allMatch(g -> g.isMet(r))).count() / seconds;
  }

  public boolean hasGoals() {
    return !goals.isEmpty();
  }

  /// Tokens written, a second; of requests that were answered.
  public double tokenRate() {
    return done.stream().mapToLong(Reply::writtenTokens).sum() / seconds;
  }

  /// Tokens of their prompts, a second.
  public double promptTokenRate() {
    return done.stream().mapToLong(Reply::promptTokens).sum() / seconds;
  }

  /// To the first text, from when the request was due.
  public Spread firstTimes() {
    return spread(done.stream().filter(reply -> reply.first() != 0).toList(), Reply::firstNanos);
  }

  /// Between one piece of text and the next, of all answers together.
  public Spread gaps() {
    return Spread.ofNanos(
        done.stream().flatMapToDouble(reply -> Arrays.stream(reply.gaps()).asDoubleStream()));
  }

  /// Mean of a token after the first, for each answer.
  public Spread tokenTimes() {
    return spread(
        done.stream().filter(reply -> reply.writtenTokens() > 1).toList(), Reply::tokenNanos);
  }

  /// To the end, from when the request was due.
  public Spread totalTimes() {
    return spread(done, Reply::totalNanos);
  }

  /// How late requests were sent: the fault of whoever makes the load.
  public Spread delays() {
    return spread(replies, reply -> reply.sent() - reply.intended());
  }

  /// To a refusal, from when the request was sent.
  public Spread refusalTimes() {
    return spread(refused, reply -> reply.end() - reply.sent());
  }

  private static Spread spread(List<Reply> replies, ToDoubleFunction<Reply> nanos) {
    DoubleStream values = replies.stream().mapToDouble(nanos);
    return Spread.ofNanos(values);
  }

  /// What was wrong with requests that were not answered, and how often.
  public Map<String, Integer> errors() {
    var errors = new TreeMap<String, Integer>();
    for (Reply reply : replies) {
      if (reply.outcome() != Outcome.DONE) {
        errors.merge(reply.error(), 1, Integer::sum);
      }
    }
    return errors;
  }

  /// The times that are shown, by their names.
  public Map<String, Spread> times() {
    var times = new LinkedHashMap<String, Spread>();
    times.put("ttft", firstTimes());
    times.put("itl", gaps());
    times.put("tpot", tokenTimes());
    times.put("e2e", totalTimes());
    return times;
  }

  /// All of it, for programs; times in milliseconds.
  public Map<String, Object> json() {
    var object = new LinkedHashMap<String, Object>();
    object.put(kind, value);
    object.put("seconds", seconds);
    object.put("requests", requests());
    object.put("done", done());
    object.put("refused", refused());
    object.put("refused_with_retry_after", refused.stream().filter(Reply::saysWhen).count());
    object.put("failed", failed());
    object.put("requests_per_second", requestRate());
    if (hasGoals()) {
      object.put("good_requests_per_second", goodRate());
    }
    object.put("written_tokens_per_second", tokenRate());
    object.put("prompt_tokens_per_second", promptTokenRate());
    times().forEach((name, spread) -> object.put(name + "_ms", spread.json()));
    object.put("sent_late_ms", delays().json());
    if (!refused.isEmpty()) {
      object.put("refusal_ms", refusalTimes().json());
    }
    object.put("errors", errors());
    return object;
  }
}
