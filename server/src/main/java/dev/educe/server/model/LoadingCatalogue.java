package dev.educe.server.model;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.MemoryBudgetException;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Models in files, each loaded when it is first asked for, and unloaded when nobody has asked for
/// a while or another needs its memory.
///
/// One lock is held while a model loads: there is one disk, and one memory to plan.
public final class LoadingCatalogue implements Catalogue {
  private static final System.Logger LOG = System.getLogger(LoadingCatalogue.class.getName());
  private static final long LOOK_MILLIS = 1_000;

  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final Map<String, Slot> byName = new TreeMap<>();
  private final Loader loader;
  private final long bytesMax;
  private final long idleNanosMax;
  private final Object loading = new Object();
  private final Thread watch;
  private boolean isClosed;

  /// What there is to load.
  ///
  /// @param name by which clients ask for it
  /// @param aliases other names
  /// @param file of the model
  /// @param options how it is loaded
  public record Source(String name, List<String> aliases, Path file, ModelOptions options) {}

  /// A model's place, loaded or not. Guarded by itself.
  private static final class Slot {
    final Source source;
    final Entry entry;
    Optional<ServedModel> model = Optional.empty();
    int users;
    long usedNanos;

    Slot(Source source, Entry entry) {
      this.source = source;
      this.entry = entry;
    }
  }

  /// @param bytesMax memory that all of them may take together; 0 for no limit but the machine's
  /// @param idle after how long without a request one is unloaded; zero for never
  /// @throws IllegalArgumentException if two have the same name
  /// @throws IOException if a file is not there
  public LoadingCatalogue(List<Source> sources, Loader loader, long bytesMax, Duration idle)
      throws IOException {
    this.loader = loader;
    this.bytesMax = bytesMax;
    this.idleNanosMax = idle.toNanos();
    for (Source source : sources) {
      long created = Files.getLastModifiedTime(source.file()).toMillis() / 1_000;
      var slot = new Slot(source, new Entry(source.name(), created));
      slots.put(source.name(), slot);
      var names = new ArrayList<>(source.aliases());
      names.add(source.name());
      for (String name : names) {
        if (byName.put(name, slot) != null) {
          throw new IllegalArgumentException("two models are called '" + name + "'");
        }
      }
    }
    watch = Thread.ofVirtual().name("educe-idle-models").start(this::watch);
  }

  @Override
  public List<Entry> entries() {
    return slots.values().stream().map(slot -> slot.entry).toList();
  }

  @Override
  public Entry entry(String nameOrAlias) {
    return slot(nameOrAlias).entry;
  }

  private Slot slot(String name) {
    var slot = byName.get(name);
    if (slot == null) {
      throw new ApiException(ApiError.modelNotFound(name));
    }
    return slot;
  }

  @Override
  public Lease lease(String nameOrAlias) {
    var slot = slot(nameOrAlias);
    return tryUse(slot).orElseGet(() -> loadAndUse(slot));
  }

  private static Optional<Lease> tryUse(Slot slot) {
    synchronized (slot) {
      if (slot.model.isEmpty()) {
        return Optional.empty();
      }
      slot.users++;
      return Optional.of(new Use(slot, slot.model.get()));
    }
  }

  private Lease loadAndUse(Slot slot) {
    synchronized (loading) {
      var found = tryUse(slot); // another may have waited for the same
      if (found.isPresent()) {
        return found.get();
      }
      if (isClosed) {
        throw Refusal.CLOSED.error("The server is shutting down.", 0);
      }
      try {
        load(slot);
      } catch (IOException | MemoryBudgetException | IllegalArgumentException e) {
        // The reason names a file, and is the operator's.
        LOG.log(Level.ERROR, "'" + slot.source.name() + "' cannot be loaded: " + e.getMessage());
        throw Refusal.LOADING.error(
            "The model '%s' cannot be loaded; the server's log says why."
                .formatted(slot.source.name()),
            0);
      }
      return tryUse(slot).orElseThrow();
    }
  }

  /// Loads all models, one after the other.
  ///
  /// @throws IOException if one cannot be read
  /// @throws MemoryBudgetException if they do not fit the memory together
  public void preload() throws IOException {
    for (Slot slot : slots.values()) {
      synchronized (loading) {
        if (!isClosed && slot.model.isEmpty()) {
          load(slot);
        }
      }
    }
  }

  /// Only with the lock on loading.
  private void load(Slot slot) throws IOException {
    var model = loaded(slot);
    synchronized (slot) {
      slot.model = Optional.of(model);
      slot.usedNanos = System.nanoTime();
    }
  }

  private ServedModel loaded(Slot slot) throws IOException {
    long wanted = Files.size(slot.source.file());
    while (bytesMax > 0 && bytes() + wanted > bytesMax && unloadLongestIdle()) {
      // One may not be enough.
    }
    if (bytesMax > 0) {
      MemoryBudget.of(Math.max(0, bytesMax - bytes()))
          .check("'" + slot.source.name() + "'", wanted);
    }
    while (true) {
      try {
        return loader.load(slot.source.file(), slot.source.options());
      } catch (MemoryBudgetException e) {
        if (!unloadLongestIdle()) {
          throw e;
        }
      }
    }
  }

  private long bytes() {
    return loaded().values().stream().mapToLong(ServedModel::bytes).sum();
  }

  private boolean unloadLongestIdle() {
    return slots.values().stream()
        .filter(LoadingCatalogue::isIdle)
        .min(Comparator.comparingLong(slot -> slot.usedNanos))
        .filter(LoadingCatalogue::tryUnload)
        .isPresent();
  }

  private static boolean isIdle(Slot slot) {
    synchronized (slot) {
      return slot.model.isPresent() && slot.users == 0;
    }
  }

  private static boolean tryUnload(Slot slot) {
    ServedModel model;
    synchronized (slot) {
      if (slot.model.isEmpty() || slot.users > 0) {
        return false;
      }
      model = slot.model.get();
      slot.model = Optional.empty();
    }
    model.close();
    return true;
  }

  private void watch() {
    try {
      while (idleNanosMax > 0) {
        Thread.sleep(LOOK_MILLIS);
        long now = System.nanoTime();
        for (Slot slot : slots.values()) {
          if (isIdle(slot) && now - slot.usedNanos > idleNanosMax && tryUnload(slot)) {
            LOG.log(Level.INFO, () -> "unloaded '" + slot.source.name() + "', which was idle");
          }
        }
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  @Override
  public Map<String, ServedModel> loaded() {
    var models = new LinkedHashMap<String, ServedModel>();
    for (Slot slot : slots.values()) {
      synchronized (slot) {
        slot.model.ifPresent(model -> models.put(slot.source.name(), model));
      }
    }
    return models;
  }

  @Override
  public void close() {
    watch.interrupt();
    synchronized (loading) {
      isClosed = true;
      for (Slot slot : slots.values()) {
        Optional<ServedModel> model;
        synchronized (slot) {
          model = slot.model;
          slot.model = Optional.empty();
        }
        model.ifPresent(ServedModel::close);
      }
    }
  }

  /// One use of a loaded model.
  private static final class Use implements Lease {
    private final Slot slot;
    private final ServedModel model;
    private boolean isClosed;

    Use(Slot slot, ServedModel model) {
      this.slot = slot;
      this.model = model;
    }

    @Override
    public String name() {
      return slot.source.name();
    }

    @Override
    public ServedModel model() {
      return model;
    }

    @Override
    public void close() {
      synchronized (slot) {
        if (!isClosed) {
          isClosed = true;
          slot.users--;
          slot.usedNanos = System.nanoTime();
        }
      }
    }
  }
}
