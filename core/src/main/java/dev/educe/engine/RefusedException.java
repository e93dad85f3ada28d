package dev.educe.engine;

import java.util.Optional;

/// A request that is not taken on, with the numbers that say why.
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// What was too much.
  public enum Kind {
    /// The prompt leaves no room for an answer in the context; it never will.
    PROMPT_TOO_LONG,
    /// Its keys and values would not fit the whole cache; they never will.
    CACHE_TOO_SMALL,
    /// As many requests wait as may wait.
    QUEUE_FULL,
    /// As many of this tenant's requests wait as may wait.
    TENANT_QUEUE_FULL,
    /// It waited longer than it was worth.
    WAITED_TOO_LONG,
    /// The engine is closed.
    CLOSED
  }

  private final Kind kind;
  private final long asked;
  private final long limit;
  private final long retryMillis; // 0: trying again is of no use

  RefusedException(Kind kind, long asked, long limit, long retryMillis, String message) {
    super(message, null, false, false); // in a storm, stack traces would cost more than the rest
    this.kind = kind;
    this.asked = asked;
    this.limit = limit;
    this.retryMillis = retryMillis;
  }

  /// Nothing is taken on any more.
  public static RefusedException closed() {
    return new RefusedException(Kind.CLOSED, 0, 0, 0, "the model is closed");
  }

  /// What was too much.
  public Kind kind() {
    return kind;
  }

  /// How much was asked for: tokens, requests or milliseconds, as the kind says.
  public long asked() {
    return asked;
  }

  /// How much there may be of it.
  public long limit() {
    return limit;
  }

  /// After how many milliseconds another try may succeed; empty if none ever will.
  public Optional<Long> retryMillis() {
    return retryMillis == 0 ? Optional.empty() : Optional.of(retryMillis);
  }
}
