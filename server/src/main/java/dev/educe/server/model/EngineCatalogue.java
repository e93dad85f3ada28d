package dev.educe.server.model;

import dev.educe.Models;
import dev.educe.engine.RefusedException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.platform.Machine;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.MemoryBudgetException;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Models in files, run by this process's own engines: [Models] under names for clients.
public final class EngineCatalogue implements Catalogue {
  private static final System.Logger LOG = System.getLogger(EngineCatalogue.class.getName());

  private final Models models;
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final Map<String, Slot> byName = new LinkedHashMap<>(); // by alias, too

  /// What there is to load.
  ///
  /// @param name by which clients ask for it
  /// @param aliases other names
  /// @param file of the model
  /// @param options how it is loaded
  public record Source(String name, List<String> aliases, Path file, ModelOptions options) {}

  /// A model's place. Guarded by itself.
  private static final class Slot {
    final Source source;
    final Entry entry;
    Optional<EngineModel> served = Optional.empty(); // of the last lease

    Slot(Source source, Entry entry) {
      this.source = source;
      this.entry = entry;
    }
  }

  /// @param bytesMax memory that all of them may take together; 0 for what the machine has
  /// @param idle after how long without a request one is unloaded; zero for never
  /// @throws IllegalArgumentException if two have the same name
  /// @throws IOException if a file is not there
  public EngineCatalogue(List<Source> sources, long bytesMax, Duration idle) throws IOException {
    var budget = MemoryBudget.of(bytesMax == 0 ? Machine.memoryBytes() : bytesMax);
    this.models = new Models(budget, idle);
    try {
      for (Source source : sources) {
        add(source);
      }
    } catch (IOException | RuntimeException failed) {
      models.close();
      throw failed;
    }
  }

  private void add(Source source) throws IOException {
    long created = Files.getLastModifiedTime(source.file()).toMillis() / 1_000;
    long bytes = Files.size(source.file());
    var slot = new Slot(source, new Entry(source.name(), created, bytes));
    models.register(source.name(), source.file(), source.options().loadOptions());
    slots.put(source.name(), slot);
    byName.put(source.name(), slot);
    for (String alias : source.aliases()) {
      models.alias(alias, source.name());
      byName.put(alias, slot);
    }
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
    try {
      return use(slot);
    } catch (RefusedException _) {
      throw closing();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw closing();
    } catch (IOException
        | MemoryBudgetException
        | UnsupportedModelException
        | IllegalArgumentException
        | OutOfMemoryError e) {
      // The reason names a file, and is the operator's. Threads that cannot be started are out of
      // memory, too; what was made is gone again, so that other models are served as before.
      LOG.log(Level.ERROR, "'" + slot.source.name() + "' cannot be loaded: " + e.getMessage());
      throw Refusal.LOADING.error(
          "The model '%s' cannot be loaded; the server's log says why."
              .formatted(slot.source.name()),
          0);
    }
  }

  private static ApiException closing() {
    return Refusal.CLOSED.error("The server is shutting down.", 0);
  }

  private Use use(Slot slot) throws IOException, InterruptedException {
    var lease = models.acquire(slot.source.name());
    try {
      synchronized (slot) {
        if (slot.served.filter(served -> served.runs(lease.model())).isEmpty()) {
          slot.served = Optional.of(EngineModel.of(lease.model(), slot.source));
        }
        return new Use(slot.source.name(), slot.served.get(), lease);
      }
    } catch (IOException | RuntimeException | Error failed) {
      lease.close();
      throw failed;
    }
  }

  /// Loads all models, one after the other.
  ///
  /// @throws IOException if one cannot be read
  /// @throws MemoryBudgetException if they do not fit the memory together
  /// @throws InterruptedException if this thread is interrupted meanwhile
  public void preload() throws IOException, InterruptedException {
    for (Slot slot : slots.values()) {
      use(slot).close();
    }
  }

  @Override
  public Map<String, ServedModel> loaded() {
    var loaded = new LinkedHashMap<String, ServedModel>();
    for (Models.Status status : models.status()) {
      var slot = slots.get(status.name());
      synchronized (slot) {
        if (!status.isLoaded()) {
          slot.served = Optional.empty(); // so that nothing of an unloaded model is kept
        }
        slot.served.ifPresent(served -> loaded.put(status.name(), served));
      }
    }
    return loaded;
  }

  @Override
  public Optional<Duration> stays(String name) {
    return models.status().stream()
        .filter(status -> status.name().equals(name))
        .findFirst()
        .flatMap(Models.Status::stays);
  }

  @Override
  public void close() {
    models.close();
  }

  /// One use of a loaded model.
  private record Use(String name, ServedModel model, Models.Lease lease) implements Lease {
    @Override
    public void keep(Duration idle) {
      lease.keep(idle);
    }

    @Override
    public void close() {
      lease.close();
    }
  }
}
