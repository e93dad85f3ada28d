package dev.educe.engine;

import dev.educe.cache.PageTable;
import dev.educe.cache.PrefixPath;
import java.util.Arrays;

/// A request under way: tokens, and how many of them are in its pages.
///
/// That is all there is to it: computed tokens catch up with tokens, whether those came with the
/// prompt, were just generated, or lost their pages.
final class Sequence implements Comparable<Sequence> {
  final long id; // ascending in the order of submission
  final Work work;
  final Tenant tenant;
  final PageTable table;
  final PrefixPath path;
  final int end; // tokens it may have at most
  final Draft draft = new Draft(this);
  final long submitted;

  int[] tokens; // the prompt, then what was generated
  int count;
  int computed; // how many of them are in its pages
  int reached; // how many of them were ever in its pages
  int rowsRead; // the position whose row the reader is to have next

  boolean isRunning;
  boolean isWhole; // has all pages it may ever need
  boolean isPaused; // as of this step
  boolean isPassedOver; // in this step
  boolean hasEnded;
  int preemptions; // those that count against the limit

  long started = -1;
  long firstToken = -1;
  long lastToken = -1;
  long pausedSince = -1;
  private long pagesSince;
  private long pageNanos;
  private int cached;
  private int recomputed;
  private int losses;

  Sequence(long id, Work work, Tenant tenant, PageTable table, PrefixPath path, int end, long now) {
    this.id = id;
    this.work = work;
    this.tenant = tenant;
    this.table = table;
    this.path = path;
    this.end = end;
    this.submitted = now;
    this.tokens = work.prompt();
    this.count = tokens.length;
    this.rowsRead = work.rows().map(Work.Rows::from).orElse(0);
  }

  /// Tokens still to be computed.
  int behind() {
    return count - computed;
  }

  /// Whether all it lacks was generated since its last step: one token, or several if the ones
  /// after it needed no choice.
  boolean isLengthening() {
    return generated() > 0 && computed == reached;
  }

  int generated() {
    return count - work.prompt().length;
  }

  /// Whether it goes before another one when there is not enough for both.
  boolean outranks(Sequence other) {
    int mine = tenant.level.priority;
    int theirs = other.tenant.level.priority;
    return mine != theirs ? mine > theirs : id < other.id;
  }

  /// A token was chosen.
  void append(int token) {
    if (draft.isAhead()) {
      computed(1);
      tenant.level.charge(tenant, 0, 1);
    }
    draft.meet(token);
    put(count++, token);
  }

  /// Writes a token or a guess where it belongs, once there are tokens behind the prompt.
  void put(int index, int token) {
    if (index >= tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.min(end, index + Math.max(16, index / 2)));
    }
    tokens[index] = token;
  }

  /// How many tokens are in its pages, guesses that came true included.
  int known() {
    return computed + (draft.isAhead() ? 1 : 0);
  }

  /// Of how many of the last of its next tokens the states are wanted.
  int states(int next) {
    return work.readsStates() ? Math.clamp(computed + next - (long) rowsRead, 0, next) : 0;
  }

  /// Takes from the prefix tree what it has of the next tokens. The last token is always computed,
  /// for its logits are wanted, and so is the page it lies in.
  void follow(long now) {
    countPages(now);
    int limit = work.rows().isPresent() ? 0 : count - 1;
    int known = path.follow(tokens, limit);
    if (known > computed) {
      cached += Math.max(0, Math.min(known, work.prompt().length) - Math.max(computed, reached));
      computed = known;
      reached = Math.max(reached, computed);
    }
  }

  /// The next tokens are in its pages now.
  void computed(int tokensMore) {
    recomputed += Math.clamp(reached - computed, 0, tokensMore);
    computed += tokensMore;
    reached = Math.max(reached, computed);
    if (!work.readsStates()) {
      path.add(tokens, computed);
    }
  }

  /// Gives its pages back; all of its tokens are to be computed again.
  void releasePages(long now) {
    countPages(now);
    path.close();
    table.close();
    computed = 0;
    isWhole = false;
  }

  /// Gives back the pages that only rejected guesses were in.
  void rewind(long now) {
    if (!isWhole) {
      countPages(now);
      table.releaseFrom(count);
    }
  }

  void lost() {
    losses++;
  }

  /// Adds up the pages it has held since the last time; call before their number changes.
  void countPages(long now) {
    pageNanos += (now - pagesSince) * (table.count() - table.first());
    pagesSince = now;
  }

  Usage usage(long now) {
    long ran = started < 0 ? now : started;
    long first = firstToken < 0 ? now : firstToken;
    return new Usage(
        work.sharesPrompt() ? 0 : work.prompt().length,
        work.sharesPrompt() ? 0 : cached,
        generated(),
        recomputed,
        draft.computed(),
        draft.rejected(),
        losses,
        ran - submitted,
        started < 0 ? 0 : first - ran,
        firstToken < 0 ? 0 : lastToken - first,
        pageNanos);
  }

  @Override
  public int compareTo(Sequence other) {
    return Long.compare(id, other.id);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id);
  }
}
