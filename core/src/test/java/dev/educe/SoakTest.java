package dev.educe;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Seconds of what `./dev soak` does for minutes.
@ExtendWith(Seeded.class)
@Timeout(120)
class SoakTest {
  @Test
  void nothingIsLeftOfManyCallers(Random random, @TempDir Path folder) throws Exception {
    var rounds = Soak.run(folder, random.nextLong(), Duration.ofSeconds(4), _ -> {});
    assertTrue(rounds.getLast().requests() > 100, rounds.toString());
    assertTrue(Soak.isFlat(rounds), rounds.toString());
  }
}
