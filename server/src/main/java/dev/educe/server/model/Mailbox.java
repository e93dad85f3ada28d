package dev.educe.server.model;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Hands what happens to a request's texts from the engine's thread to its own, in order.
///
/// It has room for a bounded number of pieces; when it is full the texts pause, and nobody else
/// does. An end always has room.
public final class Mailbox {
  // So many pieces ahead of a client that they fill its connection's buffers, and not memory.
  private static final int PIECES_MAX = 64;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final ArrayDeque<Happening> happenings = new ArrayDeque<>();
  private volatile Runnable wake = () -> {};
  private volatile boolean isFull;

  /// Sets what is run when there is room again.
  public void onRoom(Runnable wake) {
    this.wake = wake;
  }

  /// Whether another piece can be taken.
  public boolean hasRoom() {
    return !isFull;
  }

  /// Adds what has happened. Never waits.
  public void put(Happening happening) {
    lock.lock();
    try {
      happenings.add(happening);
      isFull = happenings.size() >= PIECES_MAX;
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Takes the next happening.
  ///
  /// @param nanos how long to wait for one
  /// @return empty if there was none in this time
  public Optional<Happening> poll(long nanos) throws InterruptedException {
    Optional<Happening> taken;
    boolean hasRoomAgain;
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (happenings.isEmpty() && left > 0) {
        left = arrived.awaitNanos(left);
      }
      taken = Optional.ofNullable(happenings.poll());
      hasRoomAgain = isFull && happenings.size() <= PIECES_MAX / 2;
      isFull &= !hasRoomAgain;
    } finally {
      lock.unlock();
    }
    if (hasRoomAgain) {
      wake.run();
    }
    return taken;
  }
}
