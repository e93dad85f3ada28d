package dev.educe.engine;

import java.util.LinkedHashMap;
import java.util.Map;

/// The requests of one priority, by tenant.
///
/// Tenants are served in turn by what they were served already: a counter of tokens for each, the
/// lowest goes first. Who comes back after a pause starts at the lowest of those who stayed, so
/// that nobody saves up.
///
/// Source: Sheng et al. 2024, "Fairness in Serving Large Language Models", algorithm 2.
final class Level {
  // A token that is written takes a step of its own; one that is read shares it with others.
  private static final double WRITTEN_WEIGHT = 2;

  final int priority;
  final Map<String, Tenant> tenants = new LinkedHashMap<>();

  /// Tokens it may have while a higher priority has work.
  double credit;

  private double lastServed; // of the tenant that left last

  Level(int priority) {
    this.priority = priority;
  }

  boolean isActive() {
    return tenants.values().stream().anyMatch(Tenant::isActive);
  }

  /// The tenant of a request that has just come.
  Tenant enter(String name) {
    var known = tenants.get(name);
    if (known != null && known.isActive()) {
      return known;
    }
    double least =
        tenants.values().stream()
            .filter(Tenant::isActive)
            .mapToDouble(tenant -> tenant.served)
            .min()
            .orElse(lastServed);
    var tenant = known == null ? new Tenant(name, this) : known;
    tenant.served = Math.max(tenant.served, least);
    tenants.put(name, tenant);
    return tenant;
  }

  /// A request of this tenant has ended.
  void left(Tenant tenant) {
    if (tenant.isActive()) {
      return;
    }
    lastServed = tenant.served;
    if (!isActive()) {
      // Nobody is left to compare with.
      tenants.clear();
      credit = 0;
    }
  }

  void charge(Tenant tenant, int read, int written) {
    tenant.served += read + WRITTEN_WEIGHT * written;
  }
}
