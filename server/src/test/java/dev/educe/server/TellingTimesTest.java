package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import dev.educe.server.model.EngineCatalogue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/// How long an answer takes says nothing of what another tenant has asked.
@Tag("slow")
class TellingTimesTest {
  private static final int TRIALS = 2_000;
  private static final String WORDS =
      "the cat dog sun was big red and ran saw Lily Tim a park ball";

  @TempDir private Path folder;

  private String authorization(String tenant, List<ApiKey> keys) {
    var created =
        ApiKey.create(
            tenant, Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), Optional.empty(), "");
    keys.add(created.key());
    return "Authorization: Bearer " + created.secret();
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
  void nobodyLearnsFromTimeWhatAnotherTenantHasAsked() throws Exception {
    var random = new Random(1);
    var keys = new ArrayList<ApiKey>();
    String victim = authorization("a", keys);
    String spy = authorization("b", keys);
    var file = new KeyFile(folder.resolve("keys.json"));
    file.change(_ -> keys);
    try (var served =
            new Served(
                (config, _) -> new EngineCatalogue(config.models(), 0, Duration.ZERO),
                "access-log=off",
                "keys=" + file.path(),
                "models.tiny.file="
                    + Path.of(System.getenv("EDUCE_TESTDATA"), "models", "stories260K.gguf"));
        var connection = new Connection(served)) {
      area(connection, random, victim, spy, TRIALS / 10); // for the compiler
      double own = area(connection, random, spy, spy, TRIALS / 10);
      assertTrue(own > 0.8, "what was asked before is not quicker: " + own);
      double others = area(connection, random, victim, spy, TRIALS);
      assertTrue(Math.abs(others - 0.5) < 0.05, "what another has asked shows: " + others);
    }
  }

  /// How well the time of a prompt tells whether it was asked before: 0.5 is not at all, 1 is
  /// always.
  ///
  /// @param asker who may have asked it before, or something else
  /// @param prober who asks it then
  private static double area(
      Connection connection, Random random, String asker, String prober, int trials)
      throws IOException {
    var known = new ArrayList<Long>();
    var unknown = new ArrayList<Long>();
    for (int i = 0; i < trials; i++) {
      String prompt = prompt(random);
      boolean isKnown = random.nextBoolean();
      ask(connection, asker, isKnown ? prompt : prompt(random));
      long start = System.nanoTime();
      String answer = ask(connection, prober, prompt);
      (isKnown ? known : unknown).add(System.nanoTime() - start);
      int cached = Served.json(answer).at("/usage/prompt_tokens_details/cached_tokens").intValue();
      assertEquals(isKnown && asker.equals(prober), cached > 32, answer);
    }
    long quicker = 0;
    for (long a : known) {
      quicker += unknown.stream().filter(b -> a < b).count();
    }
    return (double) quicker / ((long) known.size() * unknown.size());
  }

  private static String prompt(Random random) {
    String[] words = WORDS.split(" ");
    var prompt = new StringBuilder();
    for (int i = 0; i < 150; i++) {
      prompt.append(words[random.nextInt(words.length)]).append(' ');
    }
    return prompt.toString();
  }

  private static String ask(Connection connection, String authorization, String prompt)
      throws IOException {
    byte[] body =
        "{\"model\":\"tiny\",\"prompt\":\"%s\",\"max_tokens\":1}"
            .formatted(prompt)
            .getBytes(StandardCharsets.UTF_8);
    var answer =
        connection.send("POST", "/v1/completions", "application/json", body, authorization);
    assertEquals(200, answer.status(), answer.body());
    return answer.body();
  }
}
