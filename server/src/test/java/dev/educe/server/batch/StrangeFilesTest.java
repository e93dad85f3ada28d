package dev.educe.server.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.platform.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// What somebody else has put into the folder of batches: links, pipes, devices and folders in
/// place of files. None of it is read, written or deleted through.
@EnabledOnOs(OS.LINUX)
class StrangeFilesTest {
  private static final String CANARY = "canary";

  @TempDir private Path folder;
  private Path place;
  private Path outside;

  @FunctionalInterface
  private interface Strange {
    void at(Path path) throws Exception;
  }

  @BeforeEach
  void make() throws IOException {
    place = folder.resolve("batches");
    outside = Files.writeString(folder.resolve("outside"), CANARY);
    new Ledger(place, Clock.system()).close();
  }

  private List<Strange> strange() {
    return List.of(
        path -> Files.createSymbolicLink(path, outside),
        path -> Files.createSymbolicLink(path, Path.of("/proc/self/environ")),
        path -> Files.createSymbolicLink(path, Path.of("/dev/zero")),
        path -> Files.createSymbolicLink(path, folder.resolve("nothing")),
        path -> Files.createLink(path, outside),
        path -> assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor()),
        path -> Files.writeString(Files.createDirectory(path).resolve("inside"), CANARY));
  }

  /// Puts each in the place of a file, in turn, and tries something that must be refused.
  private void refused(Path path, Strange trial) throws Exception {
    for (Strange strange : strange()) {
      if (Files.exists(path)) {
        Files.move(path, folder.resolve("aside"));
      }
      strange.at(path);
      // A pipe that nobody writes to is waited for.
      var refusal =
          assertTimeoutPreemptively(
              Duration.ofSeconds(10), () -> assertThrows(IOException.class, () -> trial.at(path)));
      assertTrue(refusal.getMessage().contains("move it away"), refusal.toString());
      assertEquals(CANARY, Files.readString(outside));
      assertTrue(Files.notExists(folder.resolve("nothing")));
      if (Files.isDirectory(path)) {
        assertEquals(CANARY, Files.readString(path.resolve("inside")));
        Files.delete(path.resolve("inside"));
      }
      Files.delete(path);
      if (Files.exists(folder.resolve("aside"))) {
        Files.move(folder.resolve("aside"), path);
      }
    }
  }

  @Test
  void neitherTheJournalNorTheLockIsAnythingElse() throws Exception {
    for (String name : List.of("journal", "lock")) {
      refused(place.resolve(name), _ -> new Ledger(place, Clock.system()).close());
    }
    new Ledger(place, Clock.system()).close();
  }

  @Test
  void nothingElseIsReadAsAFile() throws Exception {
    try (var ledger = new Ledger(place, Clock.system())) {
      refused(place.resolve("files").resolve("file-1"), _ -> ledger.open("file-1").close());
      refused(place.resolve("files").resolve("file-1"), _ -> ledger.content("file-1"));
      refused(place.resolve("files").resolve("draft"), path -> ledger.publish(path, "file-2"));
      refused(place.resolve("answers").resolve("batch_1"), path -> new Journal(path, _ -> {}));
      Files.writeString(place.resolve("files").resolve("file-1"), CANARY);
      try (var channel = ledger.open("file-1")) {
        assertEquals(CANARY.length(), channel.size());
      }
    }
  }

  /// What is not known is deleted when the folder is opened: never elsewhere.
  @Test
  void foldersAreNoLinks() throws Exception {
    for (String name : List.of("files", "answers")) {
      Files.delete(place.resolve(name));
      Files.createSymbolicLink(place.resolve(name), folder);
      var refusal =
          assertThrows(IOException.class, () -> new Ledger(place, Clock.system()).close());
      assertTrue(refusal.getMessage().contains("move it away"), refusal.getMessage());
      assertEquals(CANARY, Files.readString(outside));
      Files.delete(place.resolve(name));
    }
  }

  /// A folder may have been meant for something else, or its journal may be lost.
  @Test
  void nothingIsDeletedWhereThereIsNoJournal() throws Exception {
    for (String name : List.of("files", "answers")) {
      Path own = Files.writeString(place.resolve(name).resolve("own"), CANARY);
      Files.deleteIfExists(place.resolve("journal"));
      var refusal =
          assertThrows(IOException.class, () -> new Ledger(place, Clock.system()).close());
      assertTrue(refusal.getMessage().contains("no journal"), refusal.getMessage());
      assertEquals(CANARY, Files.readString(own));
      Files.delete(own);
    }
  }
}
