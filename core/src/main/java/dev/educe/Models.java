package dev.educe;

import dev.educe.engine.RefusedException;
import dev.educe.platform.Clock;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.MemoryBudgetException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Several models in one process and one memory budget: loaded when somebody asks for them, and
/// unloaded when nobody has used them for a while, or another one needs their memory.
///
/// Whoever uses a model holds a [Lease]; what is leased is never unloaded. One model at a time is
/// loaded or unloaded; those that are there can be had meanwhile. Thread-safe.
public final class Models implements AutoCloseable {
  /// A model that may come and go. Guarded by the lock, as all that changes here.
  private static final class Entry {
    final String name;
    final Path path;
    final LoadOptions options;
    Optional<Model> model = Optional.empty();
    boolean isPinned;
    int leases;
    long idleSince;
    long idleNanosMax;

    Entry(String name, Path path, LoadOptions options, long idleNanosMax) {
      this.name = name;
      this.path = path;
      this.options = options;
      this.idleNanosMax = idleNanosMax;
    }

    boolean isIdle() {
      return model.isPresent() && leases == 0 && !isPinned;
    }
  }

  /// The use of a model: it stays loaded until this is closed.
  public final class Lease implements AutoCloseable {
    private final Entry entry;
    private final Model model;
    private boolean isClosed;

    private Lease(Entry entry, Model model) {
      this.entry = entry;
      this.model = model;
    }

    /// The model; not to be closed.
    public Model model() {
      return model;
    }

    /// Says how long the model stays when nobody uses it, in place of the usual time, until it is
    /// unloaded; also then it goes earlier if another one needs its memory.
    ///
    /// @param idle zero for not at all, negative for as long as there is room
    public void keep(Duration idle) {
      boolean isForever =
          idle.isNegative() || idle.compareTo(Duration.ofNanos(Long.MAX_VALUE)) >= 0;
      locked(() -> entry.idleNanosMax = isForever ? Long.MAX_VALUE : idle.toNanos());
    }

    /// Gives the model back; a second call does nothing.
    @Override
    public void close() {
      lock.lock();
      try {
        if (!isClosed) {
          isClosed = true;
          entry.leases--;
          entry.idleSince = clock.nanos();
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /// How a model is getting on.
  ///
  /// @param name it was registered by
  /// @param aliases it can be had by, too
  /// @param isLoaded whether it is in memory
  /// @param isPinned whether it stays there
  /// @param leases how many use it
  /// @param bytes of memory it holds
  /// @param stays how long it stays if nobody uses it from now on; empty for as long as there is
  ///   room, or if it is not in memory
  public record Status(
      String name,
      List<String> aliases,
      boolean isLoaded,
      boolean isPinned,
      int leases,
      long bytes,
      Optional<Duration> stays) {}

  private final MemoryBudget budget;
  private final long idleNanosMax;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<String, Entry> entries = new LinkedHashMap<>(); // by name and alias
  private final Thread janitor;
  private boolean isChanging; // somebody loads or unloads
  private boolean isClosed;

  /// @param budget what the memory of all models is taken from
  /// @param idleMax how long a model stays that nobody uses; zero for as long as there is room
  /// @throws IllegalArgumentException if the time is negative
  public Models(MemoryBudget budget, Duration idleMax) {
    this(budget, idleMax, Clock.system());
  }

  Models(MemoryBudget budget, Duration idleMax, Clock clock) {
    if (idleMax.isNegative()) {
      throw new IllegalArgumentException("idleMax must not be negative, got " + idleMax);
    }
    this.budget = budget;
    this.idleNanosMax = idleMax.isZero() ? Long.MAX_VALUE : idleMax.toNanos();
    this.clock = clock;
    this.janitor = Thread.ofPlatform().daemon().name("educe-models").start(this::keepTidy);
  }

  /// Makes a model known; it is loaded when it is first asked for.
  ///
  /// @param options with any budget: the common one is taken
  /// @throws IllegalArgumentException if the name is taken
  public void register(String name, Path path, LoadOptions options) {
    put(name, new Entry(name, path, options.withBudget(budget), idleNanosMax));
  }

  /// Gives a model another name.
  ///
  /// @throws IllegalArgumentException if there is no such model, or the alias is taken
  public void alias(String alias, String name) {
    put(alias, locked(() -> require(name)));
  }

  private void put(String name, Entry entry) {
    Entry known = locked(() -> entries.putIfAbsent(name, entry));
    if (known != null) {
      throw new IllegalArgumentException(
          "the name '%s' is taken by %s; choose another".formatted(name, known.path));
    }
  }

  private <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private Entry require(String name) {
    var entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "there is no model '%s'; there are: %s"
              .formatted(name, String.join(", ", entries.keySet())));
    }
    return entry;
  }

  /// The use of a model, which is loaded if need be: the least recently used ones that nobody uses
  /// make room. Waits while it, or another one, is loaded or unloaded.
  ///
  /// @throws IllegalArgumentException if there is no such model
  /// @throws MemoryBudgetException if there is not enough memory beside the models in use; nothing
  ///   is unloaded then
  /// @throws RefusedException if this is closed
  /// @throws IOException if the model cannot be loaded, see [Model#load]
  /// @throws InterruptedException if this thread is interrupted while it waits
  public Lease acquire(String name) throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      var entry = require(name);
      checkOpen();
      while (entry.model.isEmpty()) {
        while (isChanging) {
          changed.await();
        }
        checkOpen();
        if (entry.model.isEmpty()) {
          isChanging = true;
          try {
            entry.model = Optional.of(load(entry));
          } finally {
            endChange();
          }
          checkOpen();
        }
      }
      entry.leases++;
      return new Lease(entry, entry.model.get());
    } finally {
      lock.unlock();
    }
  }

  /// Loads a model and keeps it until this is closed.
  ///
  /// @throws IllegalArgumentException if there is no such model
  /// @throws MemoryBudgetException if there is not enough memory
  /// @throws RefusedException if this is closed
  /// @throws IOException if the model cannot be loaded, see [Model#load]
  /// @throws InterruptedException if this thread is interrupted while it waits
  public void pin(String name) throws IOException, InterruptedException {
    try (var lease = acquire(name)) {
      locked(() -> lease.entry.isPinned = true);
    }
  }

  private void checkOpen() {
    if (isClosed) {
      throw RefusedException.closed();
    }
  }

  private void endChange() {
    isChanging = false;
    changed.signalAll();
  }

  /// Loads without the lock, which is held before and after.
  private Model load(Entry entry) throws IOException {
    while (true) {
      try {
        lock.unlock();
        try {
          return Model.load(entry.path, entry.options);
        } finally {
          lock.lock();
        }
      } catch (MemoryBudgetException full) {
        long idleBytes = idle().mapToLong(other -> other.model.orElseThrow().memoryBytes()).sum();
        if (full.wanted() > full.free() + idleBytes) {
          throw full.with(holders());
        }
        unload(idle().min(Comparator.comparingLong(other -> other.idleSince)).orElseThrow());
      }
    }
  }

  private String holders() {
    String holders =
        loaded()
            .map(entry ->
                "%s holds %,d bytes and is %s"
                    .formatted(
                        entry.name,
                        entry.model.orElseThrow().memoryBytes(),
                        entry.isPinned ? "pinned" : entry.leases > 0 ? "in use" : "idle"))
            .collect(Collectors.joining(", "));
    return holders.isEmpty() ? "no other model is loaded" : holders;
  }

  private Stream<Entry> loaded() {
    return entries.values().stream().distinct().filter(entry -> entry.model.isPresent());
  }

  private Stream<Entry> idle() {
    return loaded().filter(Entry::isIdle);
  }

  /// Unloads without the lock, which is held before and after.
  private void unload(Entry entry) {
    var model = entry.model.orElseThrow();
    entry.model = Optional.empty();
    entry.idleNanosMax = idleNanosMax;
    lock.unlock();
    try {
      model.close();
    } finally {
      lock.lock();
    }
  }

  private void keepTidy() {
    lock.lock();
    try {
      while (!isClosed) {
        long wait = unloadIdle();
        if (wait == Long.MAX_VALUE) {
          changed.awaitUninterruptibly();
        } else if (!isClosed) {
          changed.awaitNanos(wait);
        }
      }
    } catch (InterruptedException impossible) {
      throw new AssertionError("nobody has this thread", impossible);
    } finally {
      lock.unlock();
    }
  }

  /// Unloads what nobody has used for long enough.
  ///
  /// @return nanoseconds until there may be more; [Long#MAX_VALUE] if something has to change first
  private long unloadIdle() {
    while (!isChanging && !isClosed) {
      long now = clock.nanos();
      var next =
          idle()
              .filter(entry -> entry.idleNanosMax != Long.MAX_VALUE)
              .min(Comparator.comparingLong(entry -> left(entry, now)));
      if (next.isEmpty()) {
        break;
      }
      long wait = left(next.get(), now);
      if (wait > 0) {
        return wait;
      }
      isChanging = true;
      try {
        unload(next.get());
      } finally {
        endChange();
      }
    }
    return Long.MAX_VALUE;
  }

  /// How long an idle model stays, in nanoseconds; not positive if it is to go.
  private static long left(Entry entry, long now) {
    return entry.idleNanosMax - (now - entry.idleSince);
  }

  /// Every model, in the order of registration.
  public List<Status> status() {
    return locked(() -> entries.values().stream().distinct().map(this::status).toList());
  }

  private Status status(Entry entry) {
    var aliases =
        entries.keySet().stream()
            .filter(name -> entries.get(name) == entry && !name.equals(entry.name))
            .toList();
    boolean isForever =
        entry.model.isEmpty() || entry.isPinned || entry.idleNanosMax == Long.MAX_VALUE;
    long left = entry.leases > 0 ? entry.idleNanosMax : left(entry, clock.nanos());
    return new Status(
        entry.name,
        aliases,
        entry.model.isPresent(),
        entry.isPinned,
        entry.leases,
        entry.model.map(Model::memoryBytes).orElse(0L),
        isForever ? Optional.empty() : Optional.of(Duration.ofNanos(Math.max(0, left))));
  }

  /// Closes every model once its generations under way have ended, those in use, too. A second call
  /// does nothing.
  @Override
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      changed.signalAll();
      while (isChanging) {
        changed.awaitUninterruptibly();
      }
      isChanging = true;
      try {
        loaded().toList().forEach(this::unload);
      } finally {
        endChange();
      }
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (janitor.isAlive()) {
      try {
        janitor.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
