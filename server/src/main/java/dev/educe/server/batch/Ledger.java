package dev.educe.server.batch;

import dev.educe.server.http.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The folder of files and batches: which there are, and what is in them.
///
/// ```text
/// lock          held while a process uses the folder
/// journal       {"put": [{"tenant", "object"}], "gone": [id]}: what is so from then on
/// files/ID      the bytes of a file
/// answers/ID    the journal of a batch that is worked on: lines of answers
/// ```
///
/// A file is whole and on the disk before the journal knows of it; what the journal does not know
/// of is deleted when the folder is opened. Thread-safe.
public final class Ledger implements AutoCloseable {
  private final Path folder;
  private final FileChannel lock;
  private final Journal journal;
  private final Map<String, Stored> all = new LinkedHashMap<>(); // oldest first

  /// Opens a folder, which is made if it is not there.
  ///
  /// @throws IOException if it cannot be used, is damaged, or another process uses it
  public Ledger(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder.resolve("files"));
    Files.createDirectories(folder.resolve("answers"));
    lock = lock(folder);
    try {
      journal = new Journal(folder.resolve("journal"), payload -> apply(read(payload)));
      sweep(folder.resolve("files"), id -> all.containsKey(id));
      sweep(folder.resolve("answers"), id -> all.containsKey(id) && all.get(id).isUnderWay());
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    var channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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
    for (JsonNode put : record.path("put")) {
      var object = (ObjectNode) put.get("object");
      all.put(object.get("id").stringValue(), new Stored(put.get("tenant").stringValue(), object));
    }
    record.path("gone").forEach(id -> all.remove(id.stringValue()));
  }

  /// Deletes what an end at a bad time has left.
  private static void sweep(Path folder, Predicate<String> isKnown) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!isKnown.test(file.getFileName().toString())) {
          Files.delete(file);
        }
      }
    }
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
    var puts = new ArrayList<Map<String, Object>>();
    for (Stored stored : changed) {
      puts.add(Map.of("tenant", stored.tenant(), "object", stored.object()));
    }
    append(Map.of("put", puts));
    for (Stored stored : changed) {
      all.put(stored.id(), stored);
    }
  }

  private void append(Map<String, Object> record) throws IOException {
    journal.append(Json.write(record).getBytes(StandardCharsets.UTF_8));
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
    Files.deleteIfExists(content(id));
    return true;
  }

  /// Where the bytes of a file are.
  public Path content(String id) {
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
    try (var channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(draft, content(id), StandardCopyOption.ATOMIC_MOVE);
    Journal.syncFolder(content(id));
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
