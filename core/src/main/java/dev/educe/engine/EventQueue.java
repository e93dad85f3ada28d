package dev.educe.engine;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Hands a request's events from the engine's thread to a consumer's, in order.
///
/// It holds a bounded number of tokens. When it is full the request pauses, and goes on once half
/// of them were taken; nobody else waits. The end of a request always has room. One consumer at a
/// time.
public final class EventQueue implements Listener {
  private final int tokensMax;
  private final Runnable wake;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final ArrayDeque<Event> events = new ArrayDeque<>();
  private volatile boolean isFull;

  /// @param tokensMax how many tokens may wait to be taken
  /// @param wake wakes the engine; called when there is room again
  /// @throws IllegalArgumentException if there is no room for a token
  public EventQueue(int tokensMax, Runnable wake) {
    if (tokensMax < 1) {
      throw new IllegalArgumentException("tokensMax must be positive, got " + tokensMax);
    }
    this.tokensMax = tokensMax;
    this.wake = wake;
  }

  @Override
  public boolean hasRoom() {
    return !isFull;
  }

  @Override
  public void token(Event.Token token) {
    put(token);
  }

  @Override
  public void ended(Ended ended) {
    put(ended);
  }

  private void put(Event event) {
    lock.lock();
    try {
      events.add(event);
      isFull = events.size() >= tokensMax;
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /// The next event, as soon as there is one.
  ///
  /// @throws InterruptedException if this thread is interrupted while it waits
  public Event take() throws InterruptedException {
    Event event;
    boolean hasRoomAgain;
    lock.lockInterruptibly();
    try {
      while (events.isEmpty()) {
        arrived.await();
      }
      event = events.remove();
      hasRoomAgain = isFull && events.size() <= tokensMax / 2;
      isFull &= !hasRoomAgain;
    } finally {
      lock.unlock();
    }
    if (hasRoomAgain) {
      wake.run();
    }
    return event;
  }

  /// How many events wait to be taken.
  public int size() {
    lock.lock();
    try {
      return events.size();
    } finally {
      lock.unlock();
    }
  }
}
