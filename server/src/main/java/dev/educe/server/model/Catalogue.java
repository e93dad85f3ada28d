package dev.educe.server.model;

import dev.educe.server.http.ApiException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The models that can be asked for. Thread-safe.
public interface Catalogue extends AutoCloseable {
  /// A model that can be asked for.
  ///
  /// @param name by which clients ask for it
  /// @param createdSeconds when its file was written, since 1970
  /// @param bytes of its file
  record Entry(String name, long createdSeconds, long bytes) {}

  /// All models, each once and by its name.
  List<Entry> entries();

  /// The entry that a name or an alias stands for.
  ///
  /// @throws ApiException `model_not_found`
  Entry entry(String nameOrAlias);

  /// Takes a model into use, and loads it first where that must be; that may take as long as
  /// reading its file.
  ///
  /// @throws ApiException if there is none of this name or it cannot be loaded now
  Lease lease(String nameOrAlias);

  /// Those that are loaded now, by name.
  Map<String, ServedModel> loaded();

  /// How long a loaded model stays if nobody asks for it from now on; empty for as long as there is
  /// room.
  Optional<Duration> stays(String name);

  /// Unloads all.
  @Override
  void close();

  /// A model in use: it stays loaded until this is closed.
  interface Lease extends AutoCloseable {
    /// The name of its entry.
    String name();

    ServedModel model();

    /// Says how long the model stays when nobody uses it, until it is unloaded.
    ///
    /// @param idle zero for not at all, negative for as long as there is room
    void keep(Duration idle);

    @Override
    void close();
  }
}
