package dev.educe.server.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Who is woken by what, and when there is room.
class MailboxTest {
  private static final long LONG = TimeUnit.SECONDS.toNanos(60);

  private final Mailbox mailbox = new Mailbox();

  private static Happening piece(int token) {
    return new Happening.Piece(0, token, "a", Optional.empty());
  }

  private static Happening end() {
    return new Happening.End(
        0,
        Happening.Finish.STOP,
        "",
        Optional.empty(),
        Optional.empty(),
        Happening.TokenUsage.NONE);
  }

  private interface Wait {
    void run() throws InterruptedException;
  }

  /// Starts to wait, and returns when it does.
  private static Thread waiting(Wait wait) throws InterruptedException {
    var thread =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                wait.run();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }

  @Test
  void whatHappensIsTakenInOrderAndOnce() throws InterruptedException {
    var all = List.of(piece(1), piece(2), end());
    all.forEach(mailbox::put);
    mailbox.await();
    assertEquals(all, mailbox.takeAll());
    assertEquals(List.of(), mailbox.takeAll());
  }

  @Test
  void whoWaitsForAnythingIsWokenByAPieceAndByANudge() throws InterruptedException {
    var first = waiting(mailbox::await);
    mailbox.put(piece(1));
    first.join();
    mailbox.takeAll();
    var second = waiting(mailbox::await);
    mailbox.nudge();
    second.join();
    assertEquals(List.of(), mailbox.takeAll());
  }

  @Test
  void whoWaitsForManyIsWokenByManyOrByAnEnd() throws InterruptedException {
    var first = waiting(() -> mailbox.await(3, LONG));
    mailbox.put(piece(1));
    mailbox.nudge();
    mailbox.put(piece(2));
    assertTrue(first.isAlive());
    mailbox.put(piece(3));
    first.join();
    assertEquals(3, mailbox.takeAll().size());
    var second = waiting(() -> mailbox.await(3, LONG));
    mailbox.put(end());
    second.join();
  }

  @Test
  void aFullOneHasRoomAgainWhenItIsTaken() {
    var woken = new AtomicInteger();
    mailbox.onRoom(woken::incrementAndGet);
    for (int i = 0; i < 2 * Mailbox.MANY; i++) {
      assertTrue(mailbox.hasRoom());
      mailbox.put(piece(i));
    }
    assertFalse(mailbox.hasRoom());
    mailbox.put(end());
    assertEquals(2 * Mailbox.MANY + 1, mailbox.takeAll().size());
    assertTrue(mailbox.hasRoom());
    assertEquals(1, woken.get());
  }
}
