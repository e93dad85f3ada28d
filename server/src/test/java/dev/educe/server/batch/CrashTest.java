package dev.educe.server.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.batch.CrashDisk.Act;
import dev.educe.server.batch.CrashDisk.Unsynced;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.NullNode;

/// Lives of batches on a disk whose power is cut after every single write, sync, rename and
/// deletion: what was acknowledged is there, every line has one answer, and nothing is left over.
class CrashTest {
  private static final int LINES = 3;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final AtomicLong seconds = new AtomicLong();
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicBoolean isBusy = new AtomicBoolean(); // with all lines but the first

  private Batches open(CrashDisk disk) throws IOException {
    var terms =
        new Batches.Terms(
            () -> Instant.ofEpochSecond(1_000 + seconds.get()),
            () -> seconds.get() * NANOS_PER_SECOND,
            Duration.ofDays(30));
    var route =
        Route.post(
            "/v1/completions",
            Scope.INFERENCE,
            exchange -> {
              String prompt = exchange.json().get("prompt").stringValue();
              if (isBusy.get() && !prompt.equals("0")) {
                throw new ApiException(
                    ApiError.of(429, "rate_limit_error", "queue_full", "Full.").withRetryMillis(1));
              }
              asked.incrementAndGet();
              exchange.answer(Map.of("k", prompt));
            });
    return new Batches(disk.root(), List.of(route), 1, terms);
  }

  private static String lines() {
    var lines = new StringBuilder();
    for (int i = 0; i < LINES; i++) {
      lines
          .append(
              "{\"custom_id\":\"%d\",\"method\":\"POST\",\"url\":\"/v1/completions\",".formatted(i))
          .append("\"body\":{\"prompt\":\"%d\"}}\n".formatted(i));
    }
    return lines.toString();
  }

  private static Stored upload(Batches batches, CrashDisk disk) throws IOException {
    var draft = Files.writeString(batches.ledger().draft(), lines());
    var file = batches.upload("t", draft, "in", Files.size(draft), Optional.empty());
    disk.mark("uploaded " + file.id());
    return file;
  }

  private static Stored create(Batches batches, CrashDisk disk, Stored file) throws IOException {
    var batch =
        batches.create(
            file,
            Quota.NONE,
            new Batches.Order(
                "/v1/completions", "1h", Duration.ofHours(1), NullNode.instance, Optional.empty()));
    disk.mark("created " + batch.id());
    return batch;
  }

  private static Stored await(Batches batches, String id, Predicate<Stored> wanted)
      throws InterruptedException {
    for (int i = 0; i < 20_000; i++) {
      var now = batches.ledger().find("t", "batch", id).orElseThrow();
      if (wanted.test(now)) {
        return now;
      }
      Thread.sleep(0, 200_000);
    }
    throw new AssertionError(batches.ledger().find("t", "batch", id) + " went no further");
  }

  private static int completed(Stored batch) {
    return batch.object().at("/request_counts/completed").intValue();
  }

  private CrashDisk answered() throws Exception {
    var disk = new CrashDisk();
    try (var batches = open(disk)) {
      var file = upload(batches, disk);
      var batch = create(batches, disk, file);
      await(batches, batch.id(), now -> now.text("status").equals("completed"));
      disk.mark("completed " + batch.id());
      assertTrue(batches.ledger().deleteFile(file.id()));
      disk.mark("deleted " + file.id());
    }
    return disk;
  }

  private CrashDisk cancelled() throws Exception {
    var disk = new CrashDisk();
    isBusy.set(true);
    try (var batches = open(disk)) {
      var batch = create(batches, disk, upload(batches, disk));
      await(batches, batch.id(), now -> completed(now) == 1);
      assertTrue(batches.cancel(batch).isPresent());
      disk.mark("cancelled " + batch.id());
      await(batches, batch.id(), now -> now.text("status").equals("cancelled"));
    }
    return disk;
  }

  private CrashDisk expired() throws Exception {
    var disk = new CrashDisk();
    isBusy.set(true);
    try (var batches = open(disk)) {
      var batch = create(batches, disk, upload(batches, disk));
      await(batches, batch.id(), now -> completed(now) == 1);
      seconds.addAndGet(3_600);
      await(batches, batch.id(), now -> now.text("status").equals("expired"));
      disk.mark("expired " + batch.id());
      seconds.addAndGet(Duration.ofDays(30).toSeconds());
      batches.ledger().tidy();
      assertTrue(batches.ledger().find("t", "batch", batch.id()).isEmpty());
      assertEquals(List.of(), batches.ledger().list("t", "file"));
    }
    return disk;
  }

  /// Cuts the power everywhere, each time with so many draws of what survives.
  private void play(CrashDisk disk, int draws) throws Exception {
    var acts = disk.acts();
    for (int count = 0; count <= acts.size(); count++) {
      check(disk.after(count, Unsynced.LOST, random), acts.subList(0, count), "lost");
      check(disk.after(count, Unsynced.KEPT, random), acts.subList(0, count), "kept");
      for (int i = 0; i < draws; i++) {
        check(disk.after(count, Unsynced.TORN, random), acts.subList(0, count), "torn");
      }
    }
  }

  private void check(CrashDisk disk, List<Act> acts, String how) throws Exception {
    String where =
        "seed %d, power cut after act %d, the rest %s: %s".formatted(seed, acts.size(), how, disk);
    asked.set(0);
    isBusy.set(false);
    try (var batches = open(disk)) {
      var ledger = batches.ledger();
      for (Stored batch : ledger.list("t", "batch")) {
        checkAnswers(ledger, batch.id(), where);
      }
      for (Act act : acts) {
        if (act instanceof Act.Mark(String text)) {
          checkMark(ledger, acts, text, where);
        }
      }
      awaitNothingLeft(disk, ledger, where);
    }
    assertTrue(asked.get() <= LINES - synced(acts), where + ": a line was answered twice");
  }

  /// Waits for a batch's end, and reads its answers before it can be forgotten.
  private static void checkAnswers(Ledger ledger, String id, String where) throws Exception {
    for (int i = 0; i < 20_000; i++) {
      synchronized (ledger) {
        var batch = ledger.find("t", "batch", id);
        if (batch.isEmpty()) {
          return; // its thirty days were over
        }
        if (!batch.get().isUnderWay()) {
          assertEquals(LINES, answers(ledger, batch.get()).size(), where);
          return;
        }
      }
      Thread.sleep(0, 200_000);
    }
    throw new AssertionError(where + ": the batch does not end");
  }

  private void checkMark(Ledger ledger, List<Act> acts, String text, String where)
      throws IOException {
    String[] words = text.split(" ");
    boolean isDeleted = acts.contains(new Act.Mark("deleted " + words[1]));
    switch (words[0]) {
      case "uploaded" -> {
        // Until it was deleted, or thirty days are over.
        boolean isThere = ledger.find("t", "file", words[1]).isPresent();
        assertTrue(isThere || isDeleted || isOver(acts), where);
        if (isThere) {
          assertEquals(lines(), Files.readString(ledger.content(words[1])), where);
        }
      }
      case "deleted" -> assertTrue(ledger.find("t", "file", words[1]).isEmpty(), where);
      case "created" ->
          assertTrue(ledger.find("t", "batch", words[1]).isPresent() || isOver(acts), where);
      default -> { // how it ended
        var batch = ledger.find("t", "batch", words[1]);
        assertTrue(
            batch.isPresent() ? batch.get().text("status").equals(words[0]) : isOver(acts), where);
      }
    }
  }

  /// Whether something may have been forgotten, or may be about to be deleted, without a mark.
  private static boolean isOver(List<Act> acts) {
    return acts.stream()
        .anyMatch(act ->
            act instanceof Act.Mark(String text)
                && (text.startsWith("expired") || text.startsWith("completed")));
  }

  /// How many answers were on the disk: each was synced by itself, after the head of their journal.
  private static int synced(List<Act> acts) {
    var journals = new HashSet<Integer>();
    int synced = 0;
    for (Act act : acts) {
      if (act instanceof Act.Made(String path, int inode) && path.startsWith("/answers/")) {
        journals.add(inode);
      }
      if (act instanceof Act.Synced(int inode) && journals.contains(inode)) {
        synced++;
      }
    }
    return Math.max(0, synced - 1);
  }

  /// Which lines have an answer, or the reason why there is none; each once.
  private static Set<String> answers(Ledger ledger, Stored batch) throws IOException {
    var ids = new HashSet<String>();
    for (String member : List.of("output_file_id", "error_file_id")) {
      String id = batch.text(member);
      for (String line :
          id.isEmpty() ? List.<String>of() : Files.readAllLines(ledger.content(id))) {
        JsonNode node = JsonMapper.shared().readTree(line);
        assertTrue(ids.add(node.get("custom_id").stringValue()), "answered twice: " + line);
      }
    }
    return ids;
  }

  /// A batch's answers are deleted just after its end is known.
  private static void awaitNothingLeft(CrashDisk disk, Ledger ledger, String where)
      throws InterruptedException {
    for (int i = 0; i < 20_000 && !disk.list("/answers").isEmpty(); i++) {
      Thread.sleep(0, 200_000);
    }
    assertEquals(List.of(), disk.list("/answers"), where);
    var known =
        ledger.list("t", "file").stream().map(file -> "/files/" + file.id()).sorted().toList();
    assertEquals(known, disk.list("/files"), where);
    assertFalse(disk.list("/").contains("/journal.new"), where);
  }

  @Test
  void aBatchThatIsAnsweredSurvivesEveryCut() throws Exception {
    play(answered(), 2);
  }

  @Test
  void aBatchThatIsCancelledSurvivesEveryCut() throws Exception {
    play(cancelled(), 2);
  }

  @Test
  void aBatchThatExpiresAndIsForgottenSurvivesEveryCut() throws Exception {
    play(expired(), 2);
  }

  @Test
  @Tag("slow")
  void batchesSurviveEveryCutWithManyDraws() throws Exception {
    play(answered(), 60);
    seconds.set(0);
    play(cancelled(), 60);
    seconds.set(0);
    play(expired(), 60);
  }

  /// A disk that says it has synced and has not loses what it was told last, and no more: what is
  /// found is what was there some time before.
  @Test
  void aDiskThatLiesLosesTheEndAndNothingElse() throws Exception {
    var disk = answered();
    var acts = disk.acts();
    for (int count = 0; count <= acts.size(); count++) {
      var honest = disk.after(count, Unsynced.KEPT, random);
      try (var batches = open(honest)) {
        for (Stored batch : batches.ledger().list("t", "batch")) {
          var over = await(batches, batch.id(), now -> !now.isUnderWay());
          assertEquals("completed", over.text("status"));
          assertEquals(LINES, answers(batches.ledger(), over).size());
        }
        awaitNothingLeft(honest, batches.ledger(), "lost from act " + count + " on");
      }
    }
  }

  /// A journal is written anew when most of it is about what was, and says the same afterwards.
  @Test
  void aJournalThatIsShortenedSurvivesEveryCut() throws Exception {
    var disk = new CrashDisk();
    var kept = new ArrayList<String>();
    try (var ledger = new Ledger(disk.root(), seconds::get, 4_096)) {
      for (int i = 0; i < 40; i++) {
        ledger.publish(Files.writeString(ledger.draft(), "x"), "file-" + i);
        ledger.put(file("file-" + i));
        disk.mark("put file-" + i);
        if (i % 10 == 0) {
          kept.add("file-" + i);
        } else {
          assertTrue(ledger.deleteFile("file-" + i));
          disk.mark("gone file-" + i);
        }
        ledger.tidy();
      }
      assertTrue(size(disk) < 8_192, size(disk) + " bytes");
    }
    var acts = disk.acts();
    assertTrue(
        acts.stream()
            .anyMatch(act -> act instanceof Act.Moved(_, String to, _) && to.equals("/journal")));
    for (int count = 0; count <= acts.size(); count++) {
      for (Unsynced unsynced : Unsynced.values()) {
        var after = disk.after(count, unsynced, random);
        try (var ledger = new Ledger(after.root(), seconds::get, 4_096)) {
          checkFiles(
              ledger,
              acts.subList(0, count),
              "seed %d, %s after act %d".formatted(seed, unsynced, count));
        }
      }
    }
    try (var ledger = new Ledger(disk.root(), seconds::get, 4_096)) {
      assertEquals(kept, ledger.list("t", "file").stream().map(Stored::id).toList());
    }
  }

  private static long size(CrashDisk disk) throws IOException {
    return Files.size(disk.root().resolve("journal"));
  }

  private static Stored file(String id) {
    var object = JsonMapper.shared().createObjectNode().put("id", id).put("object", "file");
    return new Stored("t", Quota.NONE, Stored.FOREVER, object.put("filename", "n".repeat(200)));
  }

  private static void checkFiles(Ledger ledger, List<Act> acts, String where) throws IOException {
    var there = new HashSet<String>();
    for (Act act : acts) {
      if (act instanceof Act.Mark(String text)) {
        String id = text.substring(text.indexOf(' ') + 1);
        boolean isThere = ledger.find("t", "file", id).isPresent();
        if (text.startsWith("gone")) {
          assertFalse(isThere, where + ": " + text);
          there.remove(id);
        } else {
          there.add(id);
        }
      }
    }
    for (String id : there) {
      boolean isLast = acts.lastIndexOf(new Act.Mark("put " + id)) == lastMark(acts);
      Path content = ledger.content(id);
      assertTrue(isLast || Files.exists(content), where + ": " + id);
      assertTrue(isLast || ledger.find("t", "file", id).isPresent(), where + ": " + id);
    }
  }

  /// What was put last may be about to be deleted.
  private static int lastMark(List<Act> acts) {
    int last = -1;
    for (int i = 0; i < acts.size(); i++) {
      last = acts.get(i) instanceof Act.Mark ? i : last;
    }
    return last;
  }
}
