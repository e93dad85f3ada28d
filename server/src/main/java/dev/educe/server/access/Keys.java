package dev.educe.server.access;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The keys that are good now: those of a file, which is looked at twice a second, so that a
/// revoked key is refused within one. Thread-safe.
public final class Keys implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Keys.class.getName());
  private static final long LOOK_MILLIS = 500;

  private final KeyFile file;
  private final InstantSource clock;
  private final Thread watch;
  private volatile Map<String, ApiKey> keysByHash = Map.of();
  private Object stamp;

  /// @throws IOException if the file cannot be read
  public Keys(KeyFile file, InstantSource clock) throws IOException {
    this.file = file;
    this.clock = clock;
    stamp = stamp();
    accept(file.read());
    watch = Thread.ofVirtual().name("educe-keys").start(this::watch);
  }

  /// How many there are, expired ones included.
  public int count() {
    return keysByHash.size();
  }

  /// The key with this secret, unless it is expired or was revoked.
  public Optional<ApiKey> find(String secret) {
    String hash = Secrets.hash(secret);
    // The table is asked for a hash, of which a client learns nothing by the time it takes.
    var key = keysByHash.get(hash);
    if (key == null || !Secrets.areEqual(key.hash(), hash)) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    return key.expires().filter(end -> !now.isBefore(end)).isPresent()
        ? Optional.empty()
        : Optional.of(key);
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        look();
      }
    } catch (InterruptedException _) {
      // Closed.
    }
  }

  private void look() {
    try {
      Object now = stamp();
      if (!Objects.equals(now, stamp)) {
        accept(file.read());
        stamp = now;
      }
    } catch (IOException e) {
      // A key that cannot be checked any more is not good: nobody is let in by mistake.
      if (!keysByHash.isEmpty()) {
        LOG.log(Level.ERROR, "all keys are refused: " + e.getMessage());
        keysByHash = Map.of();
      }
    }
  }

  private Object stamp() throws IOException {
    try {
      var attributes = Files.readAttributes(file.path(), BasicFileAttributes.class);
      return List.of(
          attributes.lastModifiedTime(),
          attributes.size(),
          Optional.ofNullable(attributes.fileKey()));
    } catch (NoSuchFileException _) {
      return "none";
    }
  }

  private void accept(List<ApiKey> keys) {
    var table = new HashMap<String, ApiKey>();
    keys.forEach(key -> table.put(key.hash(), key));
    keysByHash = Map.copyOf(table);
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
