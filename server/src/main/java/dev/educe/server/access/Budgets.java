package dev.educe.server.access;

import dev.educe.server.http.Caller;
import dev.educe.server.http.Quota;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// The budgets of all tenants. Keys of one tenant with the same quota share one. Thread-safe.
public final class Budgets {
  // Budgets that are full again are forgotten beyond this many.
  private static final int COUNT_MAX = 10_000;

  private final LongSupplier clock;
  private final Map<Owner, Budget> budgets = new ConcurrentHashMap<>();

  private record Owner(String tenant, Quota quota) {}

  /// @param clock as `System::nanoTime`
  public Budgets(LongSupplier clock) {
    this.clock = clock;
  }

  /// The budget of a caller.
  public Budget of(Caller caller) {
    if (caller.quota().equals(Quota.NONE)) {
      return Budget.UNLIMITED;
    }
    if (budgets.size() > COUNT_MAX) {
      budgets.values().removeIf(Budget::isIdle);
    }
    return budgets.computeIfAbsent(
        new Owner(caller.tenant(), caller.quota()), owner -> new Budget(owner.quota(), clock));
  }
}
