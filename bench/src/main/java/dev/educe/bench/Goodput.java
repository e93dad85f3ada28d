package dev.educe.bench;

import dev.educe.cli.load.Reply;
import dev.educe.cli.load.Reply.Outcome;
import java.util.List;

/// Tokens a second of good answers while a load is at its height: from the end of the first answer
/// to that of the last one that was over when the last request was due.
///
/// Tokens count when they come. To spread an answer's over the time from when it was due would
/// shift those of a long queue to before they were written, and a storm, which begins with the
/// longest, would lose them. Requests that begin together are read together, and their tokens come
/// together at the end; a time from one end to another has whole such rounds.
final class Goodput {
  private Goodput() {}

  /// @param millisMax how long a good answer may take, from when it was due
  /// @return 0 if the load never was at its height
  static double of(List<Reply> replies, double millisMax) {
    var done = replies.stream().filter(reply -> reply.outcome() == Outcome.DONE).toList();
    long due = replies.stream().mapToLong(Reply::intended).max().orElse(Long.MIN_VALUE);
    long from = done.stream().mapToLong(Reply::end).min().orElse(Long.MAX_VALUE);
    long to =
        done.stream().mapToLong(Reply::end).filter(end -> end <= due).max().orElse(Long.MIN_VALUE);
    if (to <= from) {
      return 0;
    }
    double tokens = 0;
    for (Reply reply : done) {
      if (reply.totalNanos() <= millisMax * 1e6) {
        tokens += tokens(reply, from, to);
      }
    }
    return 1e9 * tokens / (to - from);
  }

  /// How many of an answer's tokens came between two moments; each piece has as many.
  private static double tokens(Reply reply, long from, long to) {
    int inside = 0;
    long time = reply.first();
    for (int i = 0; i <= reply.gaps().length; i++) {
      time += i == 0 ? 0 : reply.gaps()[i - 1];
      inside += time > from && time <= to ? 1 : 0;
    }
    return (double) reply.writtenTokens() * inside / (reply.gaps().length + 1);
  }
}
