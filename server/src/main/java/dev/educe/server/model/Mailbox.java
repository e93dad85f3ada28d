package dev.educe.server.model;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Hands what happens to a request's texts from the engine's thread to its own, in order.
///
/// It has room for a bounded number of pieces; when it is full the texts pause, and nobody else
/// does. An end always has room.
public final class Mailbox {
  /// So many pieces are worth to be taken at once; twice as many are all that there is room for.
  public static final int MANY = 32;

  // So many pieces ahead of a client that they fill its connection's buffers, and not memory.
  private static final int PIECES_MAX = 2 * MANY;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private List<Happening> happenings = new ArrayList<>();
  private boolean hasEnd; // among them
  private int wanted = 1; // by the thread that waits
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
      hasEnd |= happening instanceof Happening.End;
      isFull = happenings.size() >= PIECES_MAX;
      if (isWorthWaking()) {
        arrived.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isWorthWaking() {
    return hasEnd || happenings.size() >= wanted;
  }

  /// Has a thread that waits for something look whether it still wants it.
  public void nudge() {
    lock.lock();
    try {
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until something has happened, or until it is nudged.
  public void await() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (happenings.isEmpty()) {
        wanted = 1;
        arrived.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits until so much has happened, or a text has ended, or the time is over. Whoever puts
  /// pieces in has nobody to wake before.
  public void await(int count, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      wanted = count;
      long left = nanos;
      while (!isWorthWaking() && left > 0) {
        left = arrived.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Takes all that has happened, perhaps nothing.
  public List<Happening> takeAll() {
    List<Happening> taken;
    boolean hasRoomAgain;
    lock.lock();
    try {
      if (happenings.isEmpty()) {
        return List.of();
      }
      taken = happenings;
      happenings = new ArrayList<>();
      hasEnd = false;
      hasRoomAgain = isFull;
      isFull = false;
    } finally {
      lock.unlock();
    }
    if (hasRoomAgain) {
      wake.run();
    }
    return taken;
  }
}
