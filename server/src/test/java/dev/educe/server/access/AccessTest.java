package dev.educe.server.access;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.http.ApiException;
import dev.educe.server.http.Caller;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Budgets, keys and names of hosts, on a clock of their own.
class AccessTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong now = new AtomicLong(-5 * SECOND); // clocks may be below zero

  private Budget budget(Quota quota) {
    return new Budget(quota, now::get);
  }

  @Test
  void requestsComeBackWithTime() {
    var budget = budget(new Quota(6, 0, 0));
    for (int i = 0; i < 6; i++) {
      budget.enter();
    }
    var refused = assertThrows(ApiException.class, budget::enter).error();
    assertEquals(429, refused.status());
    assertEquals("rate_limit_exceeded", refused.code());
    assertEquals(10_001, refused.retryMillis().orElseThrow());
    assertEquals("0", budget.headers().get("x-ratelimit-remaining-requests"));
    assertEquals("1m0s", budget.headers().get("x-ratelimit-reset-requests"));
    now.addAndGet(10 * SECOND);
    budget.enter();
    assertThrows(ApiException.class, budget::enter);
  }

  @Test
  void tokensAreReservedAndTheRestGivenBack() {
    var budget = budget(new Quota(0, 100, 0));
    var first = budget.reserve(60, false);
    assertThrows(ApiException.class, () -> budget.reserve(60, false));
    first.settle(10);
    assertEquals("90", budget.headers().get("x-ratelimit-remaining-tokens"));
    budget.reserve(90, false).settle(90);
    assertThrows(ApiException.class, () -> budget.reserve(1, false));
  }

  @Test
  void aRequestBeyondAMinutesWorthWaitsForAFullBudget() {
    var budget = budget(new Quota(0, 100, 0));
    budget.reserve(250, false).settle(250);
    now.addAndGet(90 * SECOND);
    assertThrows(ApiException.class, () -> budget.reserve(1, false));
    now.addAndGet(SECOND);
    budget.reserve(1, false);
  }

  @Test
  void requestsAtOnceAreCounted() {
    var budget = budget(new Quota(0, 0, 2));
    budget.enter();
    budget.enter();
    assertThrows(ApiException.class, budget::enter);
    budget.leave();
    assertDoesNotThrow(budget::enter);
  }

  @Test
  void manyAtOnceSpendNoMoreThanThereIs() throws Exception {
    for (int round = 0; round < 200; round++) {
      var budget = budget(new Quota(10, 1_000, 4));
      var entered = new AtomicInteger();
      var reserved = new AtomicLong();
      var gate = new CountDownLatch(1);
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 64; i++) {
          long tokens = 1 + i % 7 * 60L;
          threads.submit(() -> {
            gate.await();
            try {
              budget.enter();
              entered.incrementAndGet();
            } catch (ApiException _) {
              // Refused.
            }
            try {
              budget.reserve(tokens, false);
              reserved.addAndGet(tokens);
            } catch (ApiException _) {
              // Refused.
            }
            return null;
          });
        }
        gate.countDown();
      }
      assertEquals(4, entered.get());
      assertTrue(reserved.get() <= 1_000, () -> reserved + " tokens");
    }
  }

  @Test
  void keysOfATenantShareABudgetAndOthersDoNot() {
    var budgets = new Budgets(now::get);
    var quota = new Quota(1, 0, 0);
    budgets.of(new Caller("a", "tenant", Set.of(), quota)).enter();
    var second = budgets.of(new Caller("b", "tenant", Set.of(), quota));
    assertThrows(ApiException.class, second::enter);
    budgets.of(new Caller("c", "other", Set.of(), quota)).enter();
  }

  @Test
  void durationsReadAsOpenAiWritesThem() {
    assertEquals("0ms", Budget.duration(0));
    assertEquals("1ms", Budget.duration(1));
    assertEquals("120ms", Budget.duration(120_000_000));
    assertEquals("1.5s", Budget.duration(1_500_000_000));
    assertEquals("20s", Budget.duration(20 * SECOND));
    assertEquals("6m0s", Budget.duration(360 * SECOND));
  }

  @Test
  void aFileKeepsHashesOnlyAndForItsOwner(@TempDir Path folder) throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    var start = Instant.parse("2026-01-01T00:00:00Z");
    var created =
        ApiKey.create(
            "tenant",
            Set.of(Scope.INFERENCE),
            new Quota(1, 2, 3),
            start,
            Optional.of(start.plusSeconds(60)),
            "note");
    file.change(_ -> List.of(created.key()));
    assertEquals(List.of(created.key()), file.read());
    assertFalse(Files.readString(file.path()).contains(created.secret()));
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
    try (var keys = new Keys(file, () -> start)) {
      assertEquals("tenant", keys.find(created.secret()).orElseThrow().tenant());
      assertTrue(keys.find(created.secret() + "x").isEmpty());
      assertTrue(keys.find("").isEmpty());
    }
    try (var keys = new Keys(file, () -> start.plusSeconds(60))) {
      assertTrue(keys.find(created.secret()).isEmpty(), "it has expired");
    }
    Files.writeString(file.path(), "{}");
    assertThrows(IOException.class, file::read);
  }

  @Test
  void namesAreCheckedAndAddressesAreNot() {
    var hosts = new HostCheck(List.of("Educe.example"), List.of("https://chat.example"));
    for (String good :
        List.of(
            "localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:1", "educe.example", "8.8.8.8")) {
      assertTrue(hosts.isOurs(good), good);
    }
    for (String bad : List.of("", "evil.example", "localhost.evil.example", "1.2.3.4.evil", "x:")) {
      assertFalse(hosts.isOurs(bad), bad);
    }
    assertTrue(hosts.isWelcome("https://chat.example", "localhost"));
    assertTrue(hosts.isWelcome("http://localhost:8080", "localhost:8080"));
    for (String bad : List.of("null", "http://evil.example", "http://localhost:81", "", "%")) {
      assertFalse(hosts.isWelcome(bad, "localhost:8080"), bad);
    }
  }

  @Test
  void aSourceOfWrongKeysIsSentAway() {
    var tries = new FailedTries(now::get);
    for (int i = 0; i < 20; i++) {
      assertEquals(0, tries.failed("a"));
    }
    assertEquals(3_001, tries.failed("a"));
    assertEquals(0, tries.failed("b"));
    now.addAndGet(3 * SECOND);
    assertEquals(0, tries.failed("a"));
  }
}
