package dev.educe.engine;

import dev.educe.cache.PagePool;
import dev.educe.cache.PageTable;
import dev.educe.cache.PrefixTree;
import dev.educe.engine.RefusedException.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;

/// Decides what each step computes, and whose pages are given up when there are too few.
///
/// First every running sequence whose tokens are computed but for the last gets that one; then
/// prompts share what is left of the step's budget. The oldest of them always gets a quarter; of
/// the others, the tenant that was served least goes first, and of its sequences the one with the
/// least to do. A lower priority has its turn when a higher one leaves the step empty, and for one
/// token in [#LOWER_SHARE] besides. Its own steps are short while a higher one was here lately: who
/// comes next waits for the step under way.
///
/// Pages are taken as they are needed. When none are left, sequences are preempted: they lose their
/// pages, wait again, and compute their tokens anew. *Rank* is priority, then age: a sequence
/// preempts only those of lower rank, the youngest first, so the one of highest rank always goes
/// on. Who was preempted often enough waits until it can have all pages it may ever need; then it
/// keeps them, and everybody else can only wait for it to end, which it will. Sequences that pause
/// for their listeners are preempted before any other, and this does not count.
///
/// Has no clock and no thread of its own: only the thread that steps may call it.
final class Scheduler {
  /// A lower priority gets one token for so many of higher ones.
  static final int LOWER_SHARE = 50;

  /// How much shorter the steps of a lower priority are, and how long after a higher one was here.
  static final int SHORTER = 8;

  static final long LATELY_NANOS = 10_000_000_000L;

  private static final long NEVER = Long.MAX_VALUE;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /// Ends a sequence; the only way to.
  interface Endings {
    void ended(Sequence sequence, Finish finish, Optional<RuntimeException> cause, long now);
  }

  private final EngineOptions options;
  private final PagePool pool;
  private final PrefixTree tree;
  private final Admission admission;
  private final StepBudget budget;
  private final Endings endings;
  private final int batchTokensMax;
  private final int batchLogitsMax;
  private final TreeMap<Integer, Level> levels = new TreeMap<>(Comparator.reverseOrder());
  private final TreeSet<Sequence> running = new TreeSet<>(); // the oldest first
  private final List<Sequence> scratch = new ArrayList<>();
  private final Plan plan = new Plan();
  private long nextId;
  private long nextDeadline;
  private int latelyPriority = Integer.MIN_VALUE; // the highest that was here lately
  private long latelySeen;

  Scheduler(
      EngineOptions options,
      PagePool pool,
      PrefixTree tree,
      Admission admission,
      StepBudget budget,
      int batchTokensMax,
      int batchLogitsMax,
      Endings endings) {
    this.options = options;
    this.pool = pool;
    this.tree = tree;
    this.admission = admission;
    this.budget = budget;
    this.batchTokensMax = batchTokensMax;
    this.batchLogitsMax = batchLogitsMax;
    this.endings = endings;
  }

  /// Puts an admitted request into the queue.
  ///
  /// @param end how many tokens it may have in all
  Sequence add(Work work, int end, long now) {
    var level = levels.computeIfAbsent(work.priority(), Level::new);
    var tenant = level.enter(work.key().tenant());
    var table = new PageTable(pool);
    var path = tree.path(work.key(), table);
    var sequence = new Sequence(nextId++, work, tenant, table, path, end, now);
    tenant.waiting.add(sequence);
    return sequence;
  }

  /// Ends a sequence and frees all that it has, unless it has ended already.
  void end(Sequence sequence, Finish finish, Optional<RuntimeException> cause, long now) {
    if (sequence.hasEnded) {
      return;
    }
    sequence.hasEnded = true;
    plan.remove(sequence);
    if (sequence.started < 0) {
      admission.leftQueue(sequence.work.key().tenant());
    }
    sequence.releasePages(now);
    var tenant = sequence.tenant;
    if (running.remove(sequence)) {
      tenant.running--;
    }
    tenant.waiting.remove(sequence);
    tenant.level.left(tenant);
    endings.ended(sequence, finish, cause, now);
  }

  /// Plans a step; nothing is to be done if it is empty. Valid until the next one.
  Plan plan(long now) {
    plan.clear();
    expire(now);
    int higher = 0; // tokens of higher priorities in this step
    for (Level level : List.copyOf(levels.values())) {
      if (!level.isActive()) {
        continue;
      }
      level.credit = Math.min(level.credit + (double) higher / LOWER_SHARE, batchTokensMax);
      boolean isAlone = plan.isEmpty();
      if (isAlone || level.credit >= 1) {
        int before = plan.tokens();
        int tokens = tokens(level, now);
        lengthen(level, tokens, now);
        catchUp(level, tokens, now);
        int served = plan.tokens() - before;
        level.credit -= isAlone ? 0 : served;
        higher += Math.max(0, served);
      }
    }
    levels.values().removeIf(level -> !level.isActive());
    return plan;
  }

  /// How many tokens a step may have with a level's.
  private int tokens(Level level, long now) {
    if (level.priority < latelyPriority && now - latelySeen <= LATELY_NANOS) {
      return Math.max(StepBudget.CHUNK_MIN, budget.tokens() / SHORTER);
    }
    latelyPriority = level.priority;
    latelySeen = now;
    return budget.tokens();
  }

  /// The tokens that were generated last: one of each sequence, then of those that have more as
  /// many as the budget holds.
  private void lengthen(Level level, int tokens, long now) {
    for (Sequence sequence : snapshot(running)) {
      if (lengthens(sequence, level)) {
        grow(sequence, 1, now);
      }
    }
    for (Sequence sequence : snapshot(running)) {
      int room = tokens - plan.tokens();
      boolean hasMore = sequence.behind() > 1 && plan.holds(sequence);
      if (hasMore && room > 0 && lengthens(sequence, level)) {
        grow(sequence, room, now);
      }
    }
  }

  private static boolean lengthens(Sequence sequence, Level level) {
    return sequence.isRunning
        && sequence.tenant.level == level
        && (sequence.behind() == 1 || sequence.isLengthening())
        && !sequence.isPaused;
  }

  /// Prompts, and what lost its pages.
  private void catchUp(Level level, int tokens, long now) {
    int room =
        Math.min(
            Math.max(tokens - plan.tokens(), StepBudget.CHUNK_MIN), batchTokensMax - plan.tokens());
    Sequence oldest = null;
    for (Tenant tenant : level.tenants.values()) {
      oldest = older(oldest, candidate(tenant, true, false));
    }
    if (oldest == null || room <= 0) {
      return;
    }
    int limit = plan.tokens() + room;
    grow(oldest, Math.max(1, room / 4), now);
    // Nobody takes the pages that it waits for; those who have theirs go on.
    boolean isStuck = !plan.holds(oldest) && !oldest.isPassedOver;
    oldest.isPassedOver = true;
    while (plan.tokens() < limit) {
      Sequence next = leastServed(level, isStuck);
      if (next == null) {
        break;
      }
      grow(next, limit - plan.tokens(), now);
      next.isPassedOver = true;
    }
    if (plan.tokens() < limit && plan.holds(oldest)) {
      grow(oldest, limit - plan.tokens(), now);
    }
  }

  private static Sequence older(Sequence a, Sequence b) {
    return a == null || (b != null && b.id < a.id) ? b : a;
  }

  private Sequence leastServed(Level level, boolean isStuck) {
    Tenant least = null;
    Sequence next = null;
    for (Tenant tenant : level.tenants.values()) {
      if (least == null || tenant.served < least.served) {
        var candidate = candidate(tenant, false, isStuck);
        if (candidate != null) {
          least = tenant;
          next = candidate;
        }
      }
    }
    return next;
  }

  /// A tenant's sequence with prompt tokens to compute: the oldest, or the one with the least to
  /// do. Who is to write goes before who is only read: crowds of texts make nobody wait for a first
  /// token, and have what the oldest always gets.
  private Sequence candidate(Tenant tenant, boolean wantsOldest, boolean wantsWhole) {
    Sequence best = null;
    if (tenant.running > 0) {
      for (Sequence sequence : running) {
        if (sequence.tenant == tenant
            && isCandidate(sequence)
            && (sequence.isWhole || !wantsWhole)) {
          best = better(best, sequence, wantsOldest);
        }
      }
    }
    Sequence first = null; // of those that wait
    for (Sequence sequence : tenant.waiting) {
      if (isCandidate(sequence) && !wantsWhole) {
        first = first == null ? sequence : first;
        if (wantsOldest || !sequence.work.readsStates()) {
          return better(best, sequence, wantsOldest);
        }
      }
    }
    return first == null ? best : better(best, first, wantsOldest);
  }

  private static Sequence better(Sequence best, Sequence other, boolean wantsOldest) {
    if (best == null) {
      return other;
    }
    boolean isBetter = wantsOldest ? other.id < best.id : other.behind() < best.behind();
    boolean isRead = other.work.readsStates();
    if (!wantsOldest && isRead != best.work.readsStates()) {
      isBetter = !isRead;
    }
    return isBetter ? other : best;
  }

  private boolean isCandidate(Sequence sequence) {
    return !sequence.isPaused
        && !sequence.isPassedOver
        && (sequence.behind() > 1 || !sequence.isRunning)
        && !plan.holds(sequence);
  }

  /// Adds up to so many of its next tokens to the plan, if it can have the pages.
  private boolean grow(Sequence sequence, int wanted, long now) {
    var slice = plan.slice(sequence);
    if (slice.count == 0) {
      if (!sequence.isRunning && !hasSlot(sequence, now)) {
        sequence.isPassedOver = true;
        return false;
      }
      sequence.follow(now);
      if (isBeingComputed(sequence)) {
        sequence.isPassedOver = true; // the pages are there in the next step
        drop(sequence, now);
        return false;
      }
    }
    int count = Math.min(slice.count + wanted, sequence.behind());
    count = Math.min(count, slice.count + batchTokensMax - plan.tokens());
    int logitsRoom = batchLogitsMax - plan.logits() + slice.logits;
    int logits = logits(sequence, count);
    if (sequence.work.rows().isPresent() && logits > logitsRoom) {
      count -= logits - logitsRoom;
      logits = logits(sequence, count);
    }
    if (count <= slice.count || logits > logitsRoom || !reserve(sequence, count, now)) {
      drop(sequence, now);
      return false;
    }
    if (!sequence.isRunning) {
      start(sequence, now);
    }
    int more = count - slice.count;
    int again = Math.clamp(sequence.reached - sequence.computed - slice.count, 0, more);
    boolean writes = sequence.isLengthening();
    sequence.tenant.level.charge(
        sequence.tenant, writes ? 0 : more - again, writes ? more - again : 0);
    plan.set(slice, count, logits);
    return true;
  }

  /// How many of the last of the next tokens want logits.
  private static int logits(Sequence sequence, int count) {
    int to = sequence.computed + count;
    boolean isRead = sequence.work.rows().isPresent() && !sequence.work.readsStates();
    int unread = isRead ? sequence.work.prompt().length : 0;
    int from = Math.min(sequence.rowsRead, unread);
    int rows = Math.max(0, Math.min(to, unread) - Math.max(from, sequence.computed));
    boolean samples = to == sequence.count && sequence.count < sequence.end;
    // Rows come last in a slice: a prompt that is read again has none until it is past the others.
    return rows > 0 ? to - Math.max(from, sequence.computed) : samples ? 1 : 0;
  }

  /// Whether the page it needs next is computed in this step, by another sequence.
  private boolean isBeingComputed(Sequence sequence) {
    int size = pool.pageTokens();
    if (sequence.work.rows().isPresent() || sequence.behind() <= size) {
      return false;
    }
    for (Plan.Slice slice : plan.slices()) {
      Sequence other = slice.sequence;
      boolean completesPage = other.computed % size + slice.count >= size;
      if (completesPage
          && !other.work.readsStates()
          && other.computed / size == sequence.computed / size
          && sequence.path.goesOnLike(sequence.tokens, other.path, other.tokens)) {
        return true;
      }
    }
    return false;
  }

  /// Pages for its next tokens; all it may ever need, if it has lost its pages often enough.
  private boolean reserve(Sequence sequence, int count, long now) {
    boolean wantsAll = !sequence.isRunning && sequence.preemptions >= options.preemptionsMax();
    int tokens = wantsAll ? sequence.end : sequence.computed + count;
    while (!sequence.table.tryReserve(tokens)) {
      int missing =
          Math.ceilDiv(tokens, pool.pageTokens()) - sequence.table.count() - pool.freePages();
      if (tree.evict(missing) >= missing) {
        continue;
      }
      var victim = victim(sequence);
      if (victim == null) {
        return false;
      }
      preempt(victim, now);
    }
    sequence.isWhole |= wantsAll;
    return true;
  }

  private Sequence victim(Sequence wants) {
    Sequence victim = null;
    for (Sequence sequence : running) {
      boolean mayLose = sequence.isPaused || (!sequence.isWhole && wants.outranks(sequence));
      if (sequence != wants && mayLose && (victim == null || isBetterVictim(sequence, victim))) {
        victim = sequence;
      }
    }
    return victim;
  }

  private static boolean isBetterVictim(Sequence a, Sequence b) {
    return a.isPaused != b.isPaused ? a.isPaused : b.outranks(a);
  }

  /// Whether one more sequence may run, if need be in the place of one that pauses, or has a lower
  /// priority, or belongs to a tenant that has at least two more than this one's. Those that read
  /// states come in crowds, and have half of the places at most.
  private boolean hasSlot(Sequence wants, long now) {
    if (wants.work.readsStates()
        && running.stream().filter(sequence -> sequence.work.readsStates()).count()
            >= Math.ceilDiv(options.sequencesMax(), 2)) {
      return false;
    }
    if (running.size() < options.sequencesMax()) {
      return true;
    }
    var oldest = new Sequence[1];
    Sequence victim = null;
    for (Sequence sequence : running) {
      boolean isPeer = sequence.tenant.level == wants.tenant.level;
      boolean isLower = sequence.tenant.level.priority < wants.tenant.level.priority;
      boolean isOldestPeer = isPeer && oldest[0] == null;
      if (isOldestPeer) {
        oldest[0] = sequence;
      }
      boolean hasMore = isPeer && sequence.tenant.running >= wants.tenant.running + 2;
      boolean mayLose = (isLower || (hasMore && !isOldestPeer)) && !sequence.isWhole;
      if ((sequence.isPaused || mayLose) && (victim == null || isBetterVictim(sequence, victim))) {
        victim = sequence;
      }
    }
    if (victim == null) {
      return false;
    }
    preempt(victim, now);
    return true;
  }

  private void preempt(Sequence sequence, long now) {
    plan.remove(sequence);
    sequence.releasePages(now);
    sequence.lost();
    if (!sequence.isPaused) {
      sequence.preemptions++;
    }
    sequence.isRunning = false;
    // Not again in this step, or two could take turns at each other's pages.
    sequence.isPassedOver = true;
    running.remove(sequence);
    sequence.tenant.running--;
    sequence.tenant.waiting.add(sequence);
  }

  private void start(Sequence sequence, long now) {
    sequence.tenant.waiting.remove(sequence);
    sequence.tenant.running++;
    sequence.isRunning = true;
    running.add(sequence);
    if (sequence.started < 0) {
      sequence.started = now;
      admission.started(sequence.work.key().tenant(), now);
    }
  }

  /// Gives back what a sequence took that does not start after all.
  private static void drop(Sequence sequence, long now) {
    if (!sequence.isRunning) {
      sequence.releasePages(now);
    }
  }

  /// Ends what is over its time, and sees who pauses.
  private void expire(long now) {
    nextDeadline = NEVER;
    scratch.clear();
    scratch.addAll(running);
    levels.values().forEach(l -> l.tenants.values().forEach(t -> scratch.addAll(t.waiting)));
    for (Sequence sequence : scratch) {
      sequence.isPassedOver = false;
      if (sequence.isRunning) {
        sequence.countPages(now);
      }
      pause(sequence, now);
      if (!sequence.hasEnded) {
        checkTimes(sequence, now);
      }
    }
  }

  private void pause(Sequence sequence, long now) {
    boolean hasRoom;
    try {
      hasRoom = sequence.work.listener().hasRoom();
    } catch (RuntimeException failed) {
      end(sequence, Finish.FAILED, Optional.of(failed), now);
      return;
    }
    if (hasRoom) {
      sequence.pausedSince = -1;
    } else if (!sequence.isPaused) {
      sequence.pausedSince = now;
    }
    sequence.isPaused = !hasRoom;
  }

  private void checkTimes(Sequence sequence, long now) {
    long waitMax = shorter(sequence.work.waitNanosMax(), options.waitNanosMax());
    long max = sequence.work.nanosMax();
    if (sequence.started < 0 && isOver(sequence.submitted, waitMax, now)) {
      long millis = (now - sequence.submitted) / NANOS_PER_MILLI;
      var refusal =
          new RefusedException(
              Kind.WAITED_TOO_LONG,
              millis,
              waitMax / NANOS_PER_MILLI,
              1_000,
              "the request waited %,d ms for its turn, longer than it may".formatted(millis));
      end(sequence, Finish.FAILED, Optional.of(refusal), now);
    } else if (isOver(sequence.submitted, max, now)) {
      cancel(sequence, "the request took %,d ms, as long as it may", max, now);
    } else if (sequence.isPaused && isOver(sequence.pausedSince, options.pauseNanosMax(), now)) {
      cancel(
          sequence,
          "nobody took the request's tokens for %,d ms, as long as it may pause",
          options.pauseNanosMax(),
          now);
    }
  }

  /// The shorter of two limits, of which 0 is none.
  static long shorter(long a, long b) {
    return a == 0 ? b : b == 0 ? a : Math.min(a, b);
  }

  private void cancel(Sequence sequence, String reason, long nanos, long now) {
    var cause = new CancellationException(reason.formatted(nanos / NANOS_PER_MILLI));
    end(sequence, Finish.CANCELLED, Optional.of(cause), now);
  }

  /// Whether so long has passed; 0 never does. If not, the moment is remembered.
  private boolean isOver(long since, long max, long now) {
    if (max == 0) {
      return false;
    }
    nextDeadline = Math.min(nextDeadline, since + max);
    return now - since >= max;
  }

  /// When the next deadline is, as of the last plan; [Long#MAX_VALUE] if there is none.
  long nextDeadline() {
    return nextDeadline;
  }

  /// All sequences that have not ended, in no order.
  List<Sequence> sequences() {
    var all = new ArrayList<>(running);
    levels.values().forEach(l -> l.tenants.values().forEach(t -> all.addAll(t.waiting)));
    return all;
  }

  private List<Sequence> snapshot(TreeSet<Sequence> set) {
    return List.copyOf(set);
  }

  /// Sequences that have pages.
  int running() {
    return running.size();
  }

  /// Of those, how many wait for their listeners.
  int paused() {
    int paused = 0;
    for (Sequence sequence : running) {
      paused += sequence.isPaused ? 1 : 0;
    }
    return paused;
  }

  /// Whether any sequence has not ended.
  boolean hasSequences() {
    return !running.isEmpty() || levels.values().stream().anyMatch(Level::isActive);
  }

  /// Counts every page.
  ///
  /// @throws IllegalStateException if one is lost, or has a user too many
  void checkIntegrity() {
    tree.checkIntegrity(sequences().stream().map(sequence -> sequence.table).toList());
  }

  Map<Integer, Level> levels() {
    return levels;
  }
}
