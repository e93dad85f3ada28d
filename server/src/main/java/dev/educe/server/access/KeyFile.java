package dev.educe.server.access;

import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The file that keys are kept in: JSON, with a hash in place of each secret, readable by its owner
/// alone. It is replaced as a whole, so that a reader sees it before or after a change.
public final class KeyFile {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final Path path;

  public KeyFile(Path path) {
    this.path = path;
  }

  /// Where it is.
  public Path path() {
    return path;
  }

  /// All keys; none if there is no file.
  ///
  /// @throws IOException if it cannot be read, or is no file of keys
  public List<ApiKey> read() throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (NoSuchFileException _) {
      return List.of();
    }
    try {
      var keys = new ArrayList<ApiKey>();
      for (JsonNode node : MAPPER.readTree(bytes).required("keys")) {
        keys.add(key(node));
      }
      return keys;
    } catch (JacksonException | IllegalArgumentException | DateTimeException _) {
      throw new IOException(
          path + ": this is no file of keys; it is written by 'educe keys create'");
    }
  }

  private static ApiKey key(JsonNode node) {
    var scopes = new TreeSet<Scope>();
    for (JsonNode scope : node.required("scopes")) {
      scopes.add(Scope.valueOf(scope.stringValue().toUpperCase(Locale.ROOT)));
    }
    String expires = node.path("expires").asString("");
    return new ApiKey(
        node.required("id").stringValue(),
        node.required("hash").stringValue(),
        node.required("tenant").stringValue(),
        scopes,
        new Quota(
            node.required("requests_per_minute").longValue(),
            node.required("tokens_per_minute").longValue(),
            node.required("concurrent").intValue()),
        Instant.parse(node.required("created").stringValue()),
        expires.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(expires)),
        node.path("note").asString(""));
  }

  /// Changes the list of keys; changes by several processes follow each other.
  ///
  /// @throws IOException if it cannot be read or written
  public void change(UnaryOperator<List<ApiKey>> change) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    Path lock = folder.resolve(path.getFileName() + ".lock");
    try (var channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = channel.lock()) {
      write(folder, change.apply(read()));
    }
  }

  private void write(Path folder, List<ApiKey> keys) throws IOException {
    var text =
        MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(Map.of("keys", trees(keys)));
    Path next = Files.createTempFile(folder, path.getFileName().toString(), ".new");
    try {
      if (Files.getFileStore(next).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
      }
      try (var channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
        var bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(next);
    }
  }

  private static List<Map<String, Object>> trees(List<ApiKey> keys) {
    var trees = new ArrayList<Map<String, Object>>();
    for (ApiKey key : keys) {
      var tree = new LinkedHashMap<String, Object>();
      tree.put("id", key.id());
      tree.put("hash", key.hash());
      tree.put("tenant", key.tenant());
      tree.put(
          "scopes",
          key.scopes().stream().sorted().map(s -> s.name().toLowerCase(Locale.ROOT)).toList());
      tree.put("requests_per_minute", key.quota().requestsPerMinute());
      tree.put("tokens_per_minute", key.quota().tokensPerMinute());
      tree.put("concurrent", key.quota().concurrent());
      tree.put("created", key.created().toString());
      key.expires().ifPresent(expires -> tree.put("expires", expires.toString()));
      tree.put("note", key.note());
      trees.add(tree);
    }
    return trees;
  }
}
