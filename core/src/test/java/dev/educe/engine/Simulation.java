package dev.educe.engine;

import dev.educe.cache.PagePool;
import dev.educe.cache.PageTable;
import dev.educe.engine.Client.Traits;
import dev.educe.sampling.Candidates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A life of an engine, all of it drawn from a seed: its limits, its clients, their manners.
///
/// Plays the engine's thread on a clock of its own: it steps while there is something to do, and
/// then only if somebody wakes it or a deadline has come. After each step every page is counted; in
/// the end nobody is left without an answer, each answer is that of the request run alone, and
/// nothing is held.
final class Simulation {
  private static final long MILLI = 1_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  /// Who asks for little, and must not wait for those who ask for much.
  private static final String LIGHT = "light";

  // Steps from a light tenant's request to its first token, beyond those its prompt takes: the one
  // under way, one for its share, and a few in which the others finish what they hold.
  private static final int LIGHT_STEPS = 8;

  private final Random random;
  private final Plant plant;
  private final SimulatedClock clock = new SimulatedClock();
  private final boolean isFairness;
  private final PagePool pool;
  private final int window;
  private final EngineOptions options;
  private final Stepper stepper;
  private final List<Client> clients = new ArrayList<>();
  private final Map<PageTable, Long> salts = new HashMap<>();
  private final Map<Client, Long> lightSince = new HashMap<>(); // steps when it came
  private boolean isAwake;
  private long steps;
  private Sequence first; // of the highest rank, if it must go on in the next step
  private int firstGenerated;

  Simulation(long seed, Plant plant) {
    this.random = new Random(seed * 0x9e3779b97f4a7c15L);
    random.nextInt();
    this.plant = plant;
    this.isFairness = random.nextInt(8) == 0;
    int pageTokens = 4 << random.nextInt(3);
    int contextLength = 24 + random.nextInt(100);
    int pages = isFairness ? 400 : Math.ceilDiv(contextLength, pageTokens) + random.nextInt(30) - 2;
    this.pool = new PagePool(Math.max(2, pages), pageTokens);
    this.window = random.nextInt(6) == 0 ? 1 + random.nextInt(40) : Integer.MAX_VALUE;
    int sequencesMax = 1 + random.nextInt(8) + (isFairness ? 2 : 0);
    int batchTokensMax = sequencesMax + 16 + random.nextInt(80);
    int waitingMax = isFairness ? 100 : 3 + random.nextInt(60);
    this.options =
        new EngineOptions(
            contextLength,
            window,
            sequencesMax,
            waitingMax,
            isFairness ? 100 : 1 + random.nextInt(waitingMax),
            0,
            isFairness ? 4 : random.nextInt(5),
            200 * MILLI,
            random.nextInt(3) == 0 ? 300 * MILLI : 0);
    var executor =
        new SimulatedExecutor(
            pool,
            batchTokensMax,
            sequencesMax + random.nextInt(8),
            window,
            table -> salts.get(table),
            clock,
            5 * MILLI,
            1 + random.nextInt(6) * MILLI);
    this.stepper =
        new Stepper(
            executor,
            new Candidates(SimulatedExecutor.VOCABULARY),
            speculation(),
            options,
            clock,
            Meter.NONE);
    drawClients(contextLength);
  }

  /// Of four engines, one has nobody who guesses, one guesses from what was, two from what will be.
  private Speculation speculation() {
    var drafter =
        switch (random.nextInt(4)) {
          case 0 -> Drafter.NONE;
          case 1 -> new Ngrams();
          default -> new Oracle();
        };
    return new Speculation(drafter, 1 + random.nextInt(8), random.nextInt(3) == 0);
  }

  /// Knows what comes, and lies about it now and then, or always.
  private final class Oracle implements Drafter {
    private final int lies = random.nextInt(11); // of ten guesses
    private final double guessNanos = random.nextBoolean() ? 0 : random.nextInt(5) * MILLI;

    @Override
    public void draft(List<Draft> drafts) {
      for (Draft draft : drafts) {
        var client = clients.stream().filter(c -> c.hasDraft(draft)).findFirst().orElseThrow();
        var truth = client.expected(pool.pageTokens(), window, options.contextLength());
        int next = draft.count() - client.traits.prompt().length;
        int wanted = random.nextInt(draft.wanted() + 1);
        while (draft.guessed() < wanted) {
          boolean isTrue = next < truth.size() && random.nextInt(10) >= lies;
          // Some are no tokens at all.
          draft.add(
              isTrue ? truth.get(next) : random.nextInt(SimulatedExecutor.VOCABULARY + 2) - 1);
          next++;
        }
      }
    }

    @Override
    public double guessNanos() {
      return guessNanos;
    }
  }

  private void drawClients(int contextLength) {
    int count = isFairness ? 40 : 3 + random.nextInt(22);
    int families = 1 + random.nextInt(3);
    int tenants = 1 + random.nextInt(3);
    int priorities = 1 + random.nextInt(2);
    int span = random.nextInt(3) == 0 ? 1 : 3_000;
    for (int i = 0; i < count; i++) {
      boolean isLight = isFairness && i % 10 == 9;
      long arrival = isFairness && !isLight ? 0 : random.nextInt(span + 1) * MILLI;
      boolean isPlain = isFairness || random.nextInt(2) == 0;
      clients.add(
          new Client(
              i,
              new Traits(
                  isFairness ? (isLight ? LIGHT : "heavy") : "t" + random.nextInt(tenants),
                  isFairness ? 0 : random.nextInt(2),
                  isFairness ? 0 : random.nextInt(priorities),
                  prompt(random.nextInt(families), contextLength),
                  random.nextInt(6) == 0 && !isFairness ? 0 : 1 + random.nextInt(40),
                  arrival,
                  isPlain || random.nextInt(3) > 0
                      ? NEVER
                      : arrival + random.nextInt(2_000) * MILLI,
                  isPlain || random.nextInt(3) > 0 ? 0 : (1 + random.nextInt(400)) * MILLI,
                  1 + random.nextInt(8),
                  isPlain || random.nextInt(5) > 0 ? 0 : random.nextInt(1_000) * MILLI,
                  isPlain || random.nextInt(5) > 0 ? 0 : random.nextInt(3_000) * MILLI,
                  isFairness || i % 3 > 0 ? 0 : 1 + i % 9,
                  isPlain || random.nextInt(12) > 0 ? -1 : random.nextInt(10),
                  !isPlain && random.nextInt(6) == 0)));
    }
  }

  /// Prompts of a family begin alike.
  private int[] prompt(int family, int contextLength) {
    int length = 1 + random.nextInt(isFairness ? contextLength / 2 : contextLength + 2);
    int shared = random.nextInt(length + 1);
    int[] prompt = new int[length];
    for (int i = 0; i < length; i++) {
      prompt[i] =
          i < shared
              ? (i * 5 + family * 7) % SimulatedExecutor.VOCABULARY
              : random.nextInt(SimulatedExecutor.VOCABULARY);
    }
    return prompt;
  }

  /// @throws IllegalStateException if anything is not as it must be
  void run() throws InterruptedException {
    while (true) {
      act();
      if (isAwake) {
        step();
      }
      if (!isAwake) {
        long next = Math.min(nextAct(), stepper.scheduler().nextDeadline());
        if (next == NEVER) {
          break;
        }
        isAwake = stepper.scheduler().nextDeadline() <= next;
        clock.advanceTo(next);
      }
    }
    for (Client client : clients) {
      client.check(client.isAnswered(), "was never answered");
      client.checkAnswer(pool.pageTokens(), window, options.contextLength());
    }
    check(stepper.admission().waiting() == 0, "somebody still counts as waiting");
    stepper.tree().evict(Integer.MAX_VALUE);
    check(pool.freePages() == pool.pages(), "%d pages leaked", pool.pages() - pool.freePages());
  }

  private void step() {
    steps++;
    check(steps < 20_000, "this has no end");
    sabotage();
    expectFirst();
    boolean worked = stepper.step();
    stepper.scheduler().checkIntegrity();
    if (!worked) {
      for (Sequence sequence : stepper.scheduler().sequences()) {
        check(sequence.isPaused, "work waits and nothing progresses: %s", state());
      }
      isAwake = false;
    } else if (first != null && !first.hasEnded) {
      check(first.generated() > firstGenerated, "the first in rank did not go on");
    }
    for (Sequence sequence : stepper.scheduler().sequences()) {
      check(sequence.preemptions <= options.preemptionsMax(), "somebody is preempted too often");
    }
    checkLight();
  }

  /// What the scheduler has before it, for a person to read.
  private String state() {
    var text = new StringBuilder(options + ", pages of " + pool.pageTokens() + ": ");
    text.append(pool.freePages()).append(" free of ").append(pool.pages());
    for (Sequence sequence : stepper.scheduler().sequences()) {
      text.append(
          "%n  %s %d of %s/%d: %d of %d to %d, pages %d to %d%s%s, preempted %d, rows %s %d"
              .formatted(
                  sequence.isRunning ? "running" : "waiting",
                  sequence.id,
                  sequence.tenant.name,
                  sequence.tenant.level.priority,
                  sequence.computed,
                  sequence.count,
                  sequence.end,
                  sequence.table.first(),
                  sequence.table.count(),
                  sequence.isWhole ? ", whole" : "",
                  sequence.isPaused ? ", paused" : "",
                  sequence.preemptions,
                  sequence.work.rows().isPresent(),
                  sequence.rowsRead));
    }
    return text.toString();
  }

  /// The sequence of the highest rank goes on with every step, whoever comes, if it does not pause
  /// and nobody holds pages for good.
  private void expectFirst() {
    first = null;
    for (Sequence sequence : stepper.scheduler().sequences()) {
      if (sequence.isWhole) {
        first = null;
        return;
      }
      if (first == null || sequence.outranks(first)) {
        first = sequence;
      }
    }
    if (first != null) {
      boolean goesOn =
          first.isRunning
              && first.behind() == 1
              && first.work.listener().hasRoom()
              && first.work.rows().isEmpty();
      firstGenerated = first.generated();
      first = goesOn ? first : null;
    }
  }

  private void checkLight() {
    if (!isFairness) {
      return;
    }
    long light =
        stepper.scheduler().sequences().stream().filter(s -> s.tenant.name.equals(LIGHT)).count();
    if (light > 1) {
      lightSince.clear(); // not so light: they share its part
    }
    lightSince
        .entrySet()
        .removeIf(entry -> {
          var sequence = entry.getKey().sequence;
          if (sequence.hasEnded || sequence.generated() > 0) {
            return true;
          }
          int chunks = sequence.work.prompt().length / (StepBudget.CHUNK_MIN / 2);
          check(
              steps - entry.getValue() <= LIGHT_STEPS + chunks,
              "a light tenant waited %d steps behind a heavy one: %s",
              steps - entry.getValue(),
              state());
          return false;
        });
  }

  /// Arrivals, cancellations and consumers whose moment has come.
  private void act() throws InterruptedException {
    long now = clock.nanos();
    for (Client client : clients) {
      if (client.queue == null && client.traits.arrival() <= now) {
        arrive(client);
      }
      if (client.sequence == null) {
        continue;
      }
      if (client.traits.cancel() <= now && !client.hasCancelled) {
        client.hasCancelled = true;
        stepper.cancel(client.sequence);
        isAwake = true;
      }
      if (!client.isAnswered() && client.nextDrain <= now) {
        client.drain();
        client.nextDrain = now + client.traits.drainEvery();
      }
    }
  }

  private void arrive(Client client) {
    Runnable wake = () -> isAwake |= plant != Plant.LOST_WAKEUP || random.nextInt(4) > 0;
    var work = client.work(wake, plant != Plant.WRONG_PREFIX);
    try {
      int end = stepper.admission().admit(work, clock.nanos());
      client.sequence = stepper.add(work, end);
      salts.put(client.sequence.table, Client.salt(client.traits.adapter()));
      client.nextDrain = clock.nanos();
      if (client.traits.tenant().equals(LIGHT)) {
        lightSince.put(client, steps);
      }
      isAwake = true;
    } catch (RefusedException refusal) {
      client.refusal = java.util.Optional.of(refusal);
    }
  }

  /// When something happens that is not of the engine's doing.
  private long nextAct() throws InterruptedException {
    long next = NEVER;
    for (Client client : clients) {
      if (client.queue == null) {
        next = Math.min(next, client.traits.arrival());
      } else if (client.sequence != null && !client.isAnswered()) {
        if (!client.hasCancelled) {
          next = Math.min(next, client.traits.cancel());
        }
        if (client.queue.size() > 0) {
          next = Math.min(next, client.nextDrain);
        }
      }
    }
    return next;
  }

  private void sabotage() {
    switch (plant) {
      case PAGE_LEAK -> {
        if (random.nextInt(20) == 0) {
          pool.tryTake(new int[1], 0, 1);
        }
      }
      case STARVED_TENANT -> {
        for (Level level : stepper.scheduler().levels().values()) {
          for (Tenant tenant : level.tenants.values()) {
            if (tenant.name.equals(LIGHT)) {
              tenant.served = 1e18;
              tenant.running = 1_000;
            }
          }
        }
      }
      case NONE, LOST_WAKEUP, WRONG_PREFIX -> {}
    }
  }

  private static void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalStateException(message.formatted(values));
    }
  }
}
