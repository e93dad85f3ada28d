package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.KvType;
import dev.educe.server.http.ApiException;
import dev.educe.server.model.EngineCatalogue;
import dev.educe.server.model.EngineCatalogue.Source;
import dev.educe.server.model.ModelOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Models that come and go as they are asked for, and one that never comes.
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(60)
class EngineCatalogueTest {
  @TempDir static Path folder;
  private static List<Source> sources;
  private static long bytes; // of one model

  @BeforeAll
  static void measure() throws Exception {
    Path file = Path.of(System.getenv("EDUCE_TESTDATA"), "models", "stories260K.gguf");
    Path damaged = Files.writeString(folder.resolve("damaged.gguf"), "GGUF and no more");
    var options = threads(1);
    sources =
        List.of(
            new Source("a", List.of("first"), file, options),
            new Source("b", List.of(), file, options),
            new Source("damaged", List.of(), damaged, options));
    try (var catalogue = new EngineCatalogue(sources, 0, Duration.ZERO);
        var lease = catalogue.lease("a")) {
      bytes = lease.model().bytes();
    }
  }

  private static ModelOptions threads(int threads) {
    return new ModelOptions(128, 2, KvType.F16, threads, "", 1_024, Duration.ZERO, "plain");
  }

  private static EngineCatalogue catalogue(double room, Duration idle) throws IOException {
    return new EngineCatalogue(sources, (long) (bytes * room), idle);
  }

  private static ApiException refused(EngineCatalogue catalogue, String name) {
    return assertThrows(ApiException.class, () -> catalogue.lease(name));
  }

  @Test
  void namesAndAliasesAreOneModelThatIsLoadedWhenItIsAskedFor() throws IOException {
    try (var catalogue = catalogue(9, Duration.ZERO)) {
      assertEquals(3, catalogue.entries().size());
      assertEquals("a", catalogue.entry("first").name());
      assertTrue(catalogue.loaded().isEmpty());
      try (var lease = catalogue.lease("first");
          var other = catalogue.lease("a")) {
        assertEquals("a", lease.name());
        assertEquals(lease.model(), other.model());
        assertEquals(Set.of("a"), catalogue.loaded().keySet());
      }
      assertEquals("model_not_found", refused(catalogue, "c").error().code());
    }
  }

  @Test
  void oneMakesRoomForAnotherUnlessItIsInUse() throws IOException {
    try (var catalogue = catalogue(1.5, Duration.ZERO)) {
      catalogue.lease("a").close();
      try (var lease = catalogue.lease("b")) {
        assertEquals("b", lease.name());
        assertEquals(Set.of("b"), catalogue.loaded().keySet());
        var error = refused(catalogue, "a").error();
        assertEquals("model_loading", error.code());
        assertEquals(503, error.status());
        assertTrue(error.retryMillis().isPresent());
      }
      catalogue.lease("a").close();
      assertEquals(Set.of("a"), catalogue.loaded().keySet());
    }
  }

  @Test
  void whatNobodyAsksForIsUnloadedThoughItIsLookedAt() throws Exception {
    try (var catalogue = catalogue(9, Duration.ofMillis(50))) {
      catalogue.lease("a").close();
      Served.await(() -> catalogue.loaded().isEmpty());
      try (var lease = catalogue.lease("a")) {
        assertEquals(128, lease.model().contextLength());
      }
    }
  }

  @Test
  void aModelThatIsToBeKeptForNoTimeGoesWithItsLastUser() throws Exception {
    try (var catalogue = catalogue(9, Duration.ZERO)) {
      try (var lease = catalogue.lease("a")) {
        lease.keep(Duration.ofHours(1));
        assertTrue(catalogue.stays("a").isPresent());
        lease.keep(Duration.ZERO);
        assertEquals(Set.of("a"), catalogue.loaded().keySet());
      }
      Served.await(() -> catalogue.loaded().isEmpty());
      catalogue.lease("a").close();
      assertTrue(catalogue.stays("a").isEmpty());
    }
  }

  @Test
  void whatCannotBeLoadedIsRefusedAndNamesNoFile() throws IOException {
    try (var catalogue = catalogue(9, Duration.ZERO)) {
      var error = refused(catalogue, "damaged").error();
      assertEquals("model_loading", error.code());
      assertEquals(
          "The model 'damaged' cannot be loaded; the server's log says why.", error.message());
      assertThrows(IOException.class, catalogue::preload);
    }
    var twice = List.of(sources.get(0), sources.get(0));
    assertThrows(
        IllegalArgumentException.class, () -> new EngineCatalogue(twice, 0, Duration.ZERO));
  }

  /// A process with next to no memory for stacks cannot start a model's threads.
  @Test
  @EnabledOnOs(OS.LINUX)
  void whatTheProcessHasNoThreadsForIsRefusedAndOthersAreServed() throws Exception {
    Child.assumeLimits();
    var process =
        Child.java("-Xlog:disable", Scarce.class, sources.getFirst().file().toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(said.endsWith("503 model_loading, then 128\n"), said);
  }

  /// What that process runs.
  static final class Scarce {
    private Scarce() {}

    public static void main(String[] arguments) throws Exception {
      Path file = Path.of(arguments[0]);
      var few = new Source("few", List.of(), file, threads(1));
      var many = new Source("many", List.of(), file, threads(4_000));
      try (var catalogue = new EngineCatalogue(List.of(few, many), 0, Duration.ZERO)) {
        catalogue.lease("few").close(); // whose classes are there from now on
        limitMemory();
        var refusal = refused(catalogue, "many");
        System.out.print(refusal.error().status() + " " + refusal.error().code());
        try (var lease = catalogue.lease("few")) {
          System.out.println(", then " + lease.model().contextLength());
        }
      }
    }

    /// Leaves 100 MB of addresses beyond those in use.
    private static void limitMemory() throws Exception {
      String size =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmSize:"))
              .findFirst()
              .orElseThrow()
              .replaceAll("\\D", "");
      long bytes = Long.parseLong(size) * 1_024 + (100 << 20);
      Child.limit(ProcessHandle.current().pid(), "--as=" + bytes);
    }
  }

  @Test
  void aClosedOneGivesNothing() throws IOException {
    var catalogue = catalogue(9, Duration.ZERO);
    catalogue.lease("a").close();
    catalogue.close();
    assertEquals("shutting_down", refused(catalogue, "a").error().code());
    catalogue.close();
  }
}
