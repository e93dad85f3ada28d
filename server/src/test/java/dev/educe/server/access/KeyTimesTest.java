package dev.educe.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A guess of a key learns nothing but that it is wrong.
class KeyTimesTest {
  private static final int TRIES = 100_000;

  @TempDir private Path folder;
  private ApiKey.Created created;
  private KeyFile file;

  @BeforeEach
  void make() throws Exception {
    file = new KeyFile(folder.resolve("keys.json"));
    created =
        ApiKey.create(
            "t", Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), Optional.empty(), "");
    file.change(_ -> List.of(created.key()));
  }

  /// The secret, right up to a place and changed behind it.
  private static String guess(String secret, int right) {
    char[] guess = secret.toCharArray();
    for (int i = right; i < guess.length; i++) {
      guess[i] = guess[i] == 'x' ? 'y' : 'x';
    }
    return new String(guess);
  }

  /// The server has no secret that a guess could be compared with, letter by letter.
  @Test
  void keysAreFoundByTheHashOfTheWholeSecret() throws Exception {
    String secret = created.secret();
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    assertEquals(HexFormat.of().formatHex(hash), created.key().hash());
    try (var keys = new Keys(file, Instant::now)) {
      assertTrue(keys.find(secret).isPresent());
      assertTrue(keys.find(created.key().hash()).isEmpty());
      for (int right = 0; right < secret.length(); right++) {
        assertTrue(keys.find(guess(secret, right)).isEmpty());
        assertTrue(keys.find(secret.substring(0, right)).isEmpty());
      }
    }
  }

  /// The slope of time over how much of a guess is right, in standard errors of it.
  @Test
  @Tag("slow")
  void theTimeOfAGuessDoesNotTellHowMuchOfItIsRight() throws Exception {
    var random = new Random(1);
    int length = created.secret().length();
    var guesses = new String[length];
    Arrays.setAll(guesses, right -> guess(created.secret(), right));
    var right = new int[TRIES];
    var nanos = new double[TRIES];
    try (var keys = new Keys(file, Instant::now)) {
      for (int i = -TRIES; i < TRIES; i++) { // the first half is for the compiler
        int at = random.nextInt(length);
        long start = System.nanoTime();
        boolean isFound = keys.find(guesses[at]).isPresent();
        long time = System.nanoTime() - start;
        assertTrue(!isFound);
        if (i >= 0) {
          right[i] = at;
          nanos[i] = time;
        }
      }
    }
    // What the machine does beside would hide everything.
    double[] sorted = nanos.clone();
    Arrays.sort(sorted);
    double most = sorted[TRIES * 9 / 10];
    double n = 0;
    double x = 0;
    double y = 0;
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (int i = 0; i < TRIES; i++) {
      if (nanos[i] <= most) {
        n++;
        x += right[i];
        y += nanos[i];
        xx += (double) right[i] * right[i];
        xy += right[i] * nanos[i];
        yy += nanos[i] * nanos[i];
      }
    }
    double r = (n * xy - x * y) / Math.sqrt((n * xx - x * x) * (n * yy - y * y));
    double t = r * Math.sqrt((n - 2) / (1 - r * r));
    assertTrue(Math.abs(t) < 3, "t = " + t);
  }
}
