package dev.educe.server;

import dev.educe.server.model.Catalogue;
import dev.educe.server.model.ServedModel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// Whether the server does its work: progress is health.
///
/// It is ill when a model has work and makes no step for some time, however alive the process is.
/// Thread-safe.
final class Health {
  private final Catalogue catalogue;
  private final long stallNanos;
  private final LongSupplier clock;
  private final Map<String, Seen> seen = new HashMap<>();

  /// How many steps a model had made, and since when it has made no other while it had work.
  private record Seen(long steps, long sinceNanos) {}

  /// @param stall how long work may wait without a step
  Health(Catalogue catalogue, Duration stall, LongSupplier clock) {
    this.catalogue = catalogue;
    this.stallNanos = stall.toNanos();
    this.clock = clock;
  }

  /// Looks at all models.
  synchronized boolean isWell() {
    var loaded = catalogue.loaded();
    seen.keySet().retainAll(loaded.keySet());
    boolean isWell = true;
    for (var model : loaded.entrySet()) {
      isWell &= isWell(model.getKey(), model.getValue().progress());
    }
    return isWell;
  }

  private boolean isWell(String name, ServedModel.Progress progress) {
    long now = clock.getAsLong();
    var last = seen.get(name);
    if (last == null || last.steps != progress.steps() || !progress.hasWork()) {
      seen.put(name, new Seen(progress.steps(), now));
      return true;
    }
    return now - last.sinceNanos < stallNanos;
  }
}
