package dev.educe.server.batch;

import dev.educe.platform.Clock;
import dev.educe.server.http.Json;
import dev.educe.server.http.Quota;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The folder of files and batches: which there are, and what is in them.
///
/// ```text
/// lock          held while a process uses the folder
/// journal       {"at", "put": [{"tenant", "quota", "until", "object"}], "gone": [id]}: what is so
///               from then on
/// files/ID      the bytes of a file
/// answers/ID    the journal of a batch that is worked on: lines of answers
/// ```
///
/// A file is whole and on the disk before the journal knows of it; what the journal does not know
/// of is deleted when the folder is opened. A journal that is mostly about what was before is
/// written anew beside the old one, and takes its name when it is on the disk.
///
/// Time is what passes while a process has the folder open, whatever is done to the machine's
/// clock; the journal says now and then how much that is. Thread-safe.
public final class Ledger implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Ledger.class.getName());
  private static final long BYTES_MIN = 1 << 20; // shorter journals are left as they are
  private static final long TICK_SECONDS = 60; // as much time is lost at most with a process
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final int PUTS_MAX = 1_000; // in a record of a journal that is written anew

  private final Path folder;
  private final Clock clock;
  private final long bytesMin;
  private final FileChannel lock;
  private final Map<String, Stored> all = new LinkedHashMap<>(); // oldest first
  private Journal journal;
  private long bytesMax; // from here on the journal is looked at again
  private long secondsBefore; // in processes that are over
  private long secondsKept; // that the journal knows of
  private long openedNanos;

  /// Opens a folder, which is made if it is not there.
  ///
  /// @throws IOException if it cannot be used, is damaged, or another process uses it
  public Ledger(Path folder, Clock clock) throws IOException {
    this(folder, clock, BYTES_MIN);
  }

  Ledger(Path folder, Clock clock, long bytesMin) throws IOException {
    this.folder = folder;
    this.clock = clock;
    this.bytesMin = bytesMin;
    this.bytesMax = bytesMin;
    Owned.directory(folder);
    Owned.inner(folder.resolve("files"));
    Owned.inner(folder.resolve("answers"));
    lock = lock(folder);
    try {
      checkUse();
      Files.deleteIfExists(folder.resolve("journal.new"));
      journal = new Journal(folder.resolve("journal"), payload -> apply(read(payload)));
      secondsBefore = secondsKept;
      openedNanos = clock.nanos();
      sweep(folder.resolve("files"), id -> all.containsKey(id));
      sweep(folder.resolve("answers"), id -> all.containsKey(id) && all.get(id).isUnderWay());
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /// Nothing is deleted for being unknown in a folder that was meant for something else, or has
  /// lost its journal.
  private void checkUse() throws IOException {
    if (Files.exists(folder.resolve("journal"), LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    for (String name : List.of("files", "answers")) {
      try (var files = Files.list(folder.resolve(name))) {
        if (files.findAny().isPresent()) {
          throw new IOException(
              "%s has files in '%s' and no journal; restore it, or give batches another folder"
                  .formatted(folder, name));
        }
      }
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    var channel = Owned.open(folder.resolve("lock"));
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException _) {
      // By this process: said below.
    }
    channel.close();
    throw new IOException(folder + " is in use by another server; give each a folder of its own");
  }

  private static JsonNode read(byte[] payload) {
    return JsonMapper.shared().readTree(payload);
  }

  private void apply(JsonNode record) {
    secondsKept = Math.max(secondsKept, record.path("at").asLong(0));
    for (JsonNode put : record.path("put")) {
      var object = (ObjectNode) put.get("object");
      var quota = put.path("quota");
      all.put(
          object.get("id").stringValue(),
          new Stored(
              put.get("tenant").stringValue(),
              new Quota(
                  quota.path("requests").asLong(0),
                  quota.path("tokens").asLong(0),
                  quota.path("concurrent").asInt(0)),
              put.path("until").asLong(Stored.FOREVER),
              object));
    }
    record.path("gone").forEach(id -> all.remove(id.stringValue()));
  }

  /// Deletes what an end at a bad time has left.
  private static void sweep(Path folder, Predicate<String> isKnown) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!isKnown.test(file.getFileName().toString())) {
          if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            throw Owned.strange(file);
          }
          Files.delete(file);
        }
      }
    }
  }

  /// How long processes have had this folder open, all together.
  public synchronized long seconds() {
    return secondsBefore + (clock.nanos() - openedNanos) / NANOS_PER_SECOND;
  }

  /// A tenant's file or batch.
  ///
  /// @param object `file` or `batch`
  public synchronized Optional<Stored> find(String tenant, String object, String id) {
    return Optional.ofNullable(all.get(id))
        .filter(stored -> stored.tenant().equals(tenant) && stored.text("object").equals(object));
  }

  /// A tenant's files or batches, oldest first.
  ///
  /// @param object `file` or `batch`
  public synchronized List<Stored> list(String tenant, String object) {
    return all.values().stream()
        .filter(stored -> stored.tenant().equals(tenant) && stored.text("object").equals(object))
        .toList();
  }

  /// All batches that are worked on, oldest first.
  synchronized List<Stored> underWay() {
    return all.values().stream().filter(Stored::isUnderWay).toList();
  }

  /// Keeps what is new or has changed: all of it or, if the process ends, nothing.
  ///
  /// @throws IOException if it may not be on the disk
  public synchronized void put(Stored... changed) throws IOException {
    append(Map.of("put", Stream.of(changed).map(Ledger::record).toList()));
    for (Stored stored : changed) {
      all.put(stored.id(), stored);
    }
  }

  private static Map<String, Object> record(Stored stored) {
    var put = new LinkedHashMap<String, Object>();
    put.put("tenant", stored.tenant());
    var quota = stored.quota();
    if (!quota.equals(Quota.NONE)) {
      put.put(
          "quota",
          Map.of(
              "requests", quota.requestsPerMinute(),
              "tokens", quota.tokensPerMinute(),
              "concurrent", quota.concurrent()));
    }
    if (stored.until() != Stored.FOREVER) {
      put.put("until", stored.until());
    }
    put.put("object", stored.object());
    return put;
  }

  private void append(Map<String, Object> changes) throws IOException {
    append(journal, changes);
  }

  private void append(Journal to, Map<String, Object> changes) throws IOException {
    var record = new LinkedHashMap<String, Object>(changes);
    record.put("at", seconds());
    to.append(Json.write(record).getBytes(StandardCharsets.UTF_8));
    secondsKept = seconds();
  }

  /// Changes one that is there, unless the change leaves it the same.
  ///
  /// @return what it is now
  /// @throws IOException if it may not be on the disk
  synchronized Stored change(String id, UnaryOperator<Stored> change) throws IOException {
    var before = all.get(id);
    var after = change.apply(before);
    if (after != before) {
      put(after);
    }
    return after;
  }

  /// Shows what is not worth keeping: it is computed anew when the folder is opened.
  synchronized void show(String id, UnaryOperator<Stored> change) {
    all.computeIfPresent(id, (_, stored) -> change.apply(stored));
  }

  /// Forgets what is over, keeps the time, and shortens the journal where that is worth it. To be
  /// called every few seconds.
  ///
  /// @throws IOException if something may not be on the disk
  synchronized void tidy() throws IOException {
    long now = seconds();
    boolean passes = false; // whether anybody's time does
    for (Stored stored : List.copyOf(all.values())) {
      passes |= stored.until() != Stored.FOREVER;
      if (stored.until() > now || stored.isUnderWay()) {
        continue;
      }
      if (stored.text("object").equals("file")) {
        deleteFile(stored.id());
      } else {
        append(Map.of("gone", List.of(stored.id())));
        all.remove(stored.id());
      }
    }
    if (passes && now - secondsKept >= TICK_SECONDS) {
      append(Map.of());
    }
    if (journal.bytes() > bytesMax) {
      shorten();
    }
  }

  /// Writes the journal anew, with what is so now.
  private void shorten() throws IOException {
    Path path = folder.resolve("journal");
    Path fresh = folder.resolve("journal.new");
    Files.deleteIfExists(fresh);
    try (var written = new Journal(fresh, _ -> {})) {
      append(written, Map.of());
      var stored = List.copyOf(all.values());
      for (int at = 0; at < stored.size(); at += PUTS_MAX) {
        var some = stored.subList(at, Math.min(stored.size(), at + PUTS_MAX));
        append(written, Map.of("put", some.stream().map(Ledger::record).toList()));
      }
      bytesMax = Math.max(bytesMin, 2 * written.bytes());
    } catch (IOException e) {
      // The old one is as good as before.
      LOG.log(Level.WARNING, "the journal of batches was not shortened: " + e.getMessage());
      bytesMax = 2 * journal.bytes();
      return;
    }
    journal.close();
    try {
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      Journal.syncFolder(path);
    } finally {
      journal = new Journal(path, _ -> {});
    }
  }

  /// Forgets a file, unless a batch that is worked on reads it.
  ///
  /// @return whether it was forgotten
  /// @throws IOException if that may not be on the disk
  public synchronized boolean deleteFile(String id) throws IOException {
    if (underWay().stream().anyMatch(batch -> batch.text("input_file_id").equals(id))) {
      return false;
    }
    append(Map.of("gone", List.of(id)));
    all.remove(id);
    Files.deleteIfExists(path(id));
    return true;
  }

  /// Where the bytes of a file are.
  ///
  /// @throws IOException if somebody has put something else there
  public Path content(String id) throws IOException {
    Path path = path(id);
    Owned.check(path);
    return path;
  }

  /// The bytes of a file.
  ///
  /// @throws IOException if they cannot be read, or somebody has put something else there
  public FileChannel open(String id) throws IOException {
    return Owned.read(path(id));
  }

  private Path path(String id) {
    return folder.resolve("files").resolve(id);
  }

  /// A place for what may become a file.
  public Path draft() throws IOException {
    return Files.createTempFile(folder.resolve("files"), "draft", "");
  }

  /// Makes a draft the bytes of a file, which is to be [#put] next.
  ///
  /// @throws IOException if they may not be on the disk
  public void publish(Path draft, String id) throws IOException {
    try (var channel = Owned.write(draft)) {
      channel.force(true);
    }
    Files.move(draft, path(id), StandardCopyOption.ATOMIC_MOVE);
    Journal.syncFolder(path(id));
  }

  /// Where the answers of a batch are while it is worked on.
  Path answers(String id) {
    return folder.resolve("answers").resolve(id);
  }

  @Override
  public void close() throws IOException {
    journal.close();
    lock.close();
  }
}
