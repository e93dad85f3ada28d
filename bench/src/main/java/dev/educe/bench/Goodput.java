package dev.educe.bench;

import dev.educe.cli.load.Reply;
import dev.educe.cli.load.Reply.Outcome;
import java.util.List;

/// Tokens a second of good answers while a load is at its height: from the end of the first answer
/// until the last request was due.
///
/// An answer's tokens count evenly over the time from when it was due to its end. Requests that
/// begin together are read together, and their tokens come together at the end: counted as they
/// come, it would be chance whether the load ends before or after them.
final class Goodput {
  private Goodput() {}

  /// @param millisMax how long a good answer may take, from when it was due
  /// @return 0 if the load never was at its height
  static double of(List<Reply> replies, double millisMax) {
    var done = replies.stream().filter(reply -> reply.outcome() == Outcome.DONE).toList();
    long from = done.stream().mapToLong(Reply::end).min().orElse(Long.MAX_VALUE);
    long to = replies.stream().mapToLong(Reply::intended).max().orElse(Long.MIN_VALUE);
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

  /// The part of an answer's tokens that falls to a time between two moments.
  private static double tokens(Reply reply, long from, long to) {
    double inside = Math.min(reply.end(), to) - Math.max(reply.intended(), from);
    return reply.writtenTokens() * Math.max(0, inside / reply.totalNanos());
  }
}
