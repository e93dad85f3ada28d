package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class ChildTest {
  @TempDir private Path folder;

  @Test
  void bothStreamsAndTheTimeOfALineAreKept() throws Exception {
    var outcome = shell("echo out; sleep 0.2; echo first err >&2; sleep 0.1", 20);
    assertEquals("out", outcome.output());
    assertEquals("first err", outcome.errors());
    assertTrue(outcome.secondsTo("err") >= 0.2);
    assertTrue(outcome.secondsTo("out") < outcome.secondsTo("err"));
    assertThrows(PeerFailedException.class, () -> outcome.secondsTo("never"));
    assertTrue(outcome.peakBytes() > 100_000, () -> "peak " + outcome.peakBytes());
  }

  @Test
  void aFailureSaysTheLastWords() {
    var e = assertThrows(PeerFailedException.class, () -> shell("echo no luck >&2; exit 3", 20));
    assertEquals("it ended with code 3: no luck", e.getMessage());
  }

  @Test
  void whatHangsIsEndedWithAllItStarted() throws Exception {
    var e =
        assertThrows(PeerFailedException.class, () -> shell("sleep 100 & echo $! > pid; wait", 1));
    assertEquals("it was ended after 1 s", e.getMessage());
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle.of(pid).ifPresent(left -> left.onExit().orTimeout(10, TimeUnit.SECONDS).join());
  }

  private Child.Outcome shell(String script, int seconds) throws Exception {
    return new Child(List.of("sh", "-c", script), folder, Duration.ofSeconds(seconds)).run();
  }
}
