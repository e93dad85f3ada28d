package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.educe.cache.PrefixKey;
import dev.educe.engine.RefusedException.Kind;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// How long a queue is in time, and who is not let into it.
class AdmissionTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final String TENANT = "";

  private final Admission admission =
      new Admission(EngineOptions.of(100, 4).withWaitNanos(3 * SECOND), 1_000);

  private void admit() {
    admission.admit(
        Work.of(
            new int[] {1},
            5,
            new PrefixKey(TENANT, "", "", "", 0),
            new Sampler(Sampling.greedy(), 0),
            new Unheard()));
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
}
