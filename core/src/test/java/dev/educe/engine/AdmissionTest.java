package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.cache.PrefixKey;
import dev.educe.engine.RefusedException.Kind;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// How long a queue is in time, and who is not let into it.
class AdmissionTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final String TENANT = "";

  private final Admission admission =
      new Admission(EngineOptions.of(100, 4).withWaitNanos(3 * SECOND), 1_000);

  private long now;

  private void admit() {
    admission.admit(work(), now);
  }

  private static Work work() {
    return Work.of(
        new int[] {1},
        5,
        new PrefixKey(TENANT, "", "", "", 0),
        new Sampler(Sampling.greedy(), 0),
        new Unheard());
  }

  private static final class Unheard implements Listener {
    @Override
    public void token(Event.Token token) {}

    @Override
    public void ended(Ended ended) {}
  }

  @Test
  void timeInWhichNobodyWaitedSaysNothingOfTheQueue() {
    for (int hour = 0; hour < 5; hour++) {
      admit();
      admission.started(TENANT, hour * 3_600 * SECOND);
    }
    for (int i = 0; i < 100; i++) {
      admit();
    }
    assertEquals(100, admission.waiting());
  }

  @Test
  void whatWouldWaitTooLongIsRefusedAtOnceUntilTheQueueIsShorter() {
    for (int i = 0; i < 10; i++) {
      admit();
    }
    for (int second = 0; second < 8; second++) {
      admission.started(TENANT, second * SECOND); // one a second
    }
    now = 7 * SECOND;
    assertEquals(2, admission.waiting());
    admit();
    admit();
    var refusal = assertThrows(RefusedException.class, this::admit);
    assertEquals(Kind.QUEUE_FULL, refusal.kind());
    assertEquals(4_000, refusal.retryMillis().orElseThrow());
    assertEquals(3_000, refusal.limit());
    admission.started(TENANT, 8 * SECOND);
    admit();
  }

  /// An engine that begins ten requests a second, with 60 s to wait.
  private static final class Busy {
    final Admission admission =
        new Admission(EngineOptions.of(100, 4).withWaitNanos(60 * SECOND), 1_000);
    long now;
    int refused;
    final List<Long> told = new ArrayList<>(); // milliseconds until they may come again

    /// So many come in a second.
    void second(int arrivals) {
      for (int tenth = 0; tenth < 10; tenth++) {
        for (int i = arrivals * tenth / 10; i < arrivals * (tenth + 1) / 10; i++) {
          ask();
        }
        now += SECOND / 10;
        start();
      }
    }

    void ask() {
      try {
        admission.admit(work(), now);
      } catch (RefusedException refusal) {
        refused++;
        told.add(refusal.retryMillis().orElseThrow());
      }
    }

    void start() {
      if (admission.waiting() > 0) {
        admission.started(TENANT, now);
      }
    }
  }

  @Test
  void aStormLeavesNoMoreThanTwoSecondsOfWorkBehind() {
    var busy = new Busy();
    for (int second = 0; second < 60; second++) {
      busy.second(200);
      assertTrue(busy.admission.waiting() > 0, "the engine has nothing to do");
    }
    assertTrue(busy.admission.waiting() <= 21, busy.admission.waiting() + " wait");
    busy.refused = 0;
    for (int second = 0; second < 5; second++) {
      busy.second(8);
    }
    assertEquals(0, busy.refused);
    assertTrue(busy.admission.waiting() <= 11, busy.admission.waiting() + " wait");
  }

  @Test
  void clientsWhoWaitForTheirAnswersAreNoStormHoweverManyTheyAre() {
    var busy = new Busy();
    for (int second = 0; second < 20; second++) {
      busy.second(15); // more come little by little
    }
    int clients = busy.admission.waiting();
    assertTrue(clients > 90, clients + " wait");
    for (int i = 0; i < 1_000; i++) {
      busy.now += SECOND / 10;
      busy.start();
      busy.ask();
    }
    assertEquals(0, busy.refused);
    assertEquals(clients, busy.admission.waiting());
  }

  @Test
  void whoWasRefusedIsToldATimeOfTheirOwn() {
    var busy = new Busy();
    busy.second(20);
    for (int i = 0; i < 1_000; i++) {
      busy.ask();
    }
    int apart = 0;
    for (int i = 1; i < busy.told.size(); i++) {
      long millis = busy.told.get(i);
      assertTrue(millis > 0 && millis <= 40_000, millis + " ms");
      apart += Math.abs(millis - busy.told.get(i - 1) - 100) <= 1 ? 1 : 0;
    }
    // Every one but where times begin anew.
    assertTrue(apart >= 950, apart + " are a start apart");
  }

  /// As the server tells it: up to half as long again.
  @Test
  void aCrowdThatWasRefusedComesBackNoFasterThanItCanBeBegun() {
    var busy = new Busy();
    busy.second(20);
    for (int i = 0; i < 400; i++) {
      busy.ask();
    }
    var random = new Random(1);
    var back = new int[13]; // in each five seconds
    for (long millis : busy.told) {
      back[(int) ((millis + random.nextLong(millis / 2 + 1)) / 5_000)]++;
    }
    assertTrue(busy.told.size() > 300, busy.told.size() + " were refused");
    for (int slice = 0; slice < back.length; slice++) {
      assertTrue(back[slice] <= 1.3 * 50, back[slice] + " in slice " + slice);
    }
  }

  @Test
  void whatCouldNotBeginBeforeItsOwnEndIsRefusedAtOnce() {
    var busy = new Busy();
    for (int i = 0; i < 30; i++) {
      busy.ask();
    }
    for (int i = 0; i < 10; i++) {
      busy.now += SECOND / 10;
      busy.start();
    }
    assertEquals(0, busy.refused);
    var hurried = work().withDeadlines(0, SECOND); // 20 wait, 2 s
    assertThrows(RefusedException.class, () -> busy.admission.admit(hurried, busy.now));
    busy.admission.admit(work().withDeadlines(0, 3 * SECOND), busy.now);
  }

  @Test
  void whoAsksForRoomIsRefusedAsARequestWouldBeAndTakesNoneOtherwise() {
    var busy = new Busy();
    for (int i = 0; i < 50; i++) {
      busy.admission.check(TENANT, busy.now);
    }
    assertEquals(0, busy.admission.waiting());
    var full = new Admission(EngineOptions.of(100, 4).withWaiting(3, 2), 1_000);
    full.admit(work(), 0);
    full.check(TENANT, 0);
    full.admit(work(), 0);
    var refusal = assertThrows(RefusedException.class, () -> full.check(TENANT, 0));
    assertEquals(Kind.TENANT_QUEUE_FULL, refusal.kind());
    full.check("another", 0);
    full.close();
    var closed = assertThrows(RefusedException.class, () -> full.check("another", 0));
    assertEquals(Kind.CLOSED, closed.kind());
  }

  @Test
  void aStormIsOneThoughItIsRefusedBeforeItsPromptsAreRead() {
    var busy = new Busy();
    for (int second = 0; second < 60; second++) {
      for (int i = 0; i < 190; i++) {
        try {
          busy.admission.check(TENANT, busy.now);
          busy.ask();
        } catch (RefusedException refusal) {
          busy.refused++;
        }
      }
      busy.second(10);
    }
    assertTrue(busy.admission.waiting() <= 21, busy.admission.waiting() + " wait");
    assertTrue(busy.refused > 10_000, busy.refused + " were refused");
  }
}
