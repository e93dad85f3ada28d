package dev.educe.server.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.platform.Clock;
import dev.educe.server.http.Quota;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.JsonNodeFactory;

/// What a journal makes of a file that ends anywhere, or is not what was written.
class JournalTest {
  private static final List<String> RECORDS = List.of("{\"a\":1}", "b", "{\"é\":\"c c c\"}");
  private static final int HEAD_BYTES = 8;
  private static final int FRAME_BYTES = 8;

  @TempDir private Path folder;
  private Path file;
  private byte[] whole;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("journal");
    try (var journal = new Journal(file, _ -> {})) {
      for (String record : RECORDS) {
        journal.append(bytes(record));
      }
    }
    whole = Files.readAllBytes(file);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<String> read() throws IOException {
    var records = new ArrayList<String>();
    new Journal(file, bytes -> records.add(new String(bytes, StandardCharsets.UTF_8))).close();
    return records;
  }

  /// How many records are whole in so many bytes.
  private static int count(int size) {
    int end = HEAD_BYTES;
    int count = 0;
    for (String record : RECORDS) {
      end += FRAME_BYTES + bytes(record).length;
      count += end <= size ? 1 : 0;
    }
    return count;
  }

  @Test
  void whatIsTornAnywhereIsCutOffAndWrittenOn() throws IOException {
    for (int size = 0; size <= whole.length; size++) {
      Files.write(file, Arrays.copyOf(whole, size));
      var expected = new ArrayList<>(RECORDS.subList(0, count(size)));
      assertEquals(expected, read(), "torn at " + size);
      try (var journal = new Journal(file, _ -> {})) {
        journal.append(bytes("next"));
      }
      expected.add("next");
      assertEquals(expected, read(), "torn at " + size + " and written on");
    }
  }

  @Test
  void aTailOfZerosOrOfWhatWasHalfWrittenIsCutOff() throws IOException {
    int last = whole.length - bytes(RECORDS.getLast()).length - FRAME_BYTES;
    for (int at = last; at < whole.length; at++) {
      byte[] torn = whole.clone();
      Arrays.fill(torn, at, torn.length, (byte) 0);
      Files.write(file, torn);
      assertEquals(RECORDS.subList(0, 2), read(), "zeros from " + at);
    }
    for (int at = last + Integer.BYTES; at < whole.length; at++) {
      byte[] torn = whole.clone();
      Arrays.fill(torn, last, at, (byte) 0);
      Files.write(file, torn);
      assertEquals(RECORDS.subList(0, 2), read(), "zeros to " + at);
    }
    Files.write(file, Arrays.copyOf(whole, whole.length + 10_000));
    assertEquals(RECORDS, read());
  }

  /// Only the last record may be lost; before it, each bit that is wrong stops everything.
  @Test
  void aBitThatTurnedBeforeTheLastRecordIsDamage() throws IOException {
    int last = whole.length - bytes(RECORDS.getLast()).length - FRAME_BYTES;
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] turned = whole.clone();
      turned[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, turned);
      if (bit / 8 < last) {
        var failed = assertThrows(IOException.class, this::read, "bit " + bit);
        assertTrue(failed.getMessage().contains("move it away"), failed.getMessage());
        assertEquals(whole.length, Files.size(file));
      } else {
        assertEquals(RECORDS.subList(0, 2), read(), "bit " + bit);
      }
    }
  }

  @Test
  void aFileOfSomebodyElsesIsLeftAsItIs() throws IOException {
    for (String text : List.of("x", "{\"some\":\"other file\"}\n")) {
      Files.writeString(file, text);
      assertThrows(IOException.class, this::read);
      assertEquals(text, Files.readString(file));
    }
  }

  private static Stored file(String id) {
    var object = JsonNodeFactory.instance.objectNode().put("id", id).put("object", "file");
    return new Stored("t", Quota.NONE, Stored.FOREVER, object);
  }

  @Test
  void aFolderServesOneLedgerAtATimeAndForgetsWhatNobodyKnows() throws IOException {
    Path place = folder.resolve("batches");
    try (var ledger = new Ledger(place, Clock.system())) {
      assertThrows(IOException.class, () -> new Ledger(place, Clock.system()));
      var draft = Files.writeString(ledger.draft(), "kept");
      ledger.publish(draft, "file-1");
      ledger.put(file("file-1"));
      ledger.publish(Files.writeString(ledger.draft(), "lost"), "file-2");
      ledger.draft();
      Files.writeString(ledger.answers("batch_9"), "lost");
    }
    try (var ledger = new Ledger(place, Clock.system())) {
      assertEquals("kept", Files.readString(ledger.content("file-1")));
      assertEquals(1, ledger.list("t", "file").size());
      assertTrue(ledger.find("other", "file", "file-1").isEmpty());
      try (var files = Files.list(place.resolve("files"));
          var answers = Files.list(place.resolve("answers"))) {
        assertEquals(1, files.count());
        assertEquals(0, answers.count());
      }
      assertTrue(ledger.deleteFile("file-1"));
      assertTrue(Files.notExists(ledger.content("file-1")));
    }
    try (var ledger = new Ledger(place, Clock.system())) {
      assertEquals(List.of(), ledger.list("t", "file"));
    }
  }
}
