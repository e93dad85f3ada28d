package dev.educe.server.batch;

import dev.educe.platform.Clock;
import dev.educe.server.http.Faults;
import dev.educe.server.http.Ids;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Route;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// Batches that are worked on until they are over or the process ends; another one goes on with
/// what it finds. Thread-safe.
public final class Batches implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Batches.class.getName());
  private static final long TIDY_MILLIS = 1_000;
  private static final String ANSWERS_KEPT = "output_expires_after";

  private final Ledger ledger;
  private final Crew crew;
  private final Terms terms;
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final Thread janitor;
  private volatile boolean isClosing;

  /// How time passes for batches.
  ///
  /// @param stamps what clients are told it is
  /// @param clock by which ends are reached
  /// @param kept how long files, and batches that are over, are kept; zero for ever
  public record Terms(InstantSource stamps, Clock clock, Duration kept) {
    /// The machine's time.
    public static Terms keeping(Duration kept) {
      return new Terms(InstantSource.system(), Clock.system(), kept);
    }

    long now() {
      return stamps.instant().getEpochSecond();
    }
  }

  /// Goes on with the batches of a folder.
  ///
  /// @param folder of a [Ledger]
  /// @param routes that lines may ask
  /// @param linesAtOnce how many lines are answered at once, of all batches together
  /// @throws IOException if the folder cannot be used, is damaged, or another process uses it
  public Batches(Path folder, List<Route> routes, int linesAtOnce, Terms terms) throws IOException {
    this.ledger = new Ledger(folder, terms.clock());
    this.crew = new Crew(new Answering(routes), new Semaphore(linesAtOnce, true));
    this.terms = terms;
    var runs = new ArrayList<BatchRun>();
    try {
      for (Stored batch : ledger.underWay()) {
        runs.add(run(batch));
      }
    } catch (IOException | RuntimeException e) {
      ledger.close();
      throw e;
    }
    runs.forEach(this::start);
    janitor = Thread.ofVirtual().name("educe-batches").start(this::keepTidy);
  }

  private void keepTidy() {
    try {
      while (true) {
        ledger.tidy();
        Thread.sleep(TIDY_MILLIS);
      }
    } catch (InterruptedException _) {
      // Closed.
    } catch (IOException e) {
      LOG.log(Level.ERROR, "nothing of batches is cleared away until a restart: " + e.getMessage());
    }
  }

  private BatchRun run(Stored batch) throws IOException {
    return new BatchRun(ledger, crew, terms, () -> isClosing, batch);
  }

  private void start(BatchRun run) {
    threads.removeIf(thread -> !thread.isAlive());
    threads.add(
        Thread.ofVirtual()
            .name("educe-batch")
            .start(() -> {
              try {
                run.run();
              } catch (IOException e) {
                // What is known of the batch stays: the next process goes on with it.
                LOG.log(Level.ERROR, "a batch stands still until a restart: " + e.getMessage());
              } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, () -> "a batch stands still: " + Faults.trace(e));
              }
            }));
  }

  /// The folder they are in.
  public Ledger ledger() {
    return ledger;
  }

  /// What batches may be for: paths of routes.
  public Set<String> endpoints() {
    return crew.answering().urls();
  }

  /// What is asked of a batch.
  ///
  /// @param endpoint that all lines ask
  /// @param window as it was given
  /// @param length how long that is: what is not answered then never is
  /// @param metadata to be kept with it; null of JSON for none
  /// @param answersKept how long the files of its answers are kept; the usual time if nothing is
  ///   said
  public record Order(
      String endpoint,
      String window,
      Duration length,
      JsonNode metadata,
      Optional<Duration> answersKept) {}

  /// Begins a batch.
  ///
  /// @param input a file of the same tenant
  /// @param quota that its lines are answered within
  /// @throws IOException if it may not be on the disk
  public Stored create(Stored input, Quota quota, Order order) throws IOException {
    long now = terms.now();
    var object = JsonNodeFactory.instance.objectNode();
    object.put("id", Ids.of("batch_"));
    object.put("object", "batch").put("endpoint", order.endpoint()).putNull("errors");
    object.put("input_file_id", input.id()).put("completion_window", order.window());
    object.put("status", "validating").putNull("output_file_id").putNull("error_file_id");
    object.put("created_at", now).putNull("in_progress_at");
    object.put("expires_at", now + order.length().toSeconds());
    for (String end : List.of("finalizing", "completed", "failed", "expired")) {
      object.putNull(end + "_at");
    }
    object.putNull("cancelling_at").putNull("cancelled_at");
    object.putObject("request_counts").put("total", 0).put("completed", 0).put("failed", 0);
    object.set("metadata", order.metadata());
    order
        .answersKept()
        .ifPresent(kept ->
            object
                .putObject(ANSWERS_KEPT)
                .put("anchor", "created_at")
                .put("seconds", kept.toSeconds()));
    long until = ledger.seconds() + order.length().toSeconds();
    var batch = new Stored(input.tenant(), quota, until, object);
    synchronized (ledger) {
      // The file may have been deleted since it was found.
      if (ledger.find(input.tenant(), "file", input.id()).isEmpty()) {
        throw new NoSuchFileException(input.id());
      }
      ledger.put(batch);
    }
    start(run(batch));
    return batch;
  }

  /// Has a batch end, with the answers that there are.
  ///
  /// @return what it is now; empty if it was over or about to be
  /// @throws IOException if that may not be on the disk
  public Optional<Stored> cancel(Stored batch) throws IOException {
    var after =
        ledger.change(
            batch.id(),
            stored ->
                switch (stored.text("status")) {
                  case "validating", "in_progress" ->
                      stored.with(object ->
                          object.put("status", "cancelling").put("cancelling_at", terms.now()));
                  default -> stored;
                });
    return Optional.of(after).filter(now -> now.text("status").startsWith("cancel"));
  }

  /// Keeps a draft of the ledger's as a file.
  ///
  /// @param kept how long; the usual time if nothing is said
  /// @throws IOException if it may not be on the disk
  public Stored upload(String tenant, Path draft, String name, long bytes, Optional<Duration> kept)
      throws IOException {
    var own = new Terms(terms.stamps(), terms.clock(), kept.orElse(terms.kept()));
    var file = file(ledger, own, tenant, name, "batch", bytes);
    ledger.publish(draft, file.id());
    ledger.put(file);
    return file;
  }

  static Stored file(
      Ledger ledger, Terms terms, String tenant, String name, String purpose, long bytes) {
    long now = terms.now();
    var object =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", Ids.of("file-"))
            .put("object", "file")
            .put("bytes", bytes)
            .put("created_at", now)
            .put("filename", name)
            .put("purpose", purpose)
            .put("status", "processed");
    if (!terms.kept().isZero()) {
      object.put("expires_at", now + terms.kept().toSeconds());
    }
    return new Stored(tenant, Quota.NONE, end(ledger, terms), object);
  }

  /// How long the files of a batch's answers are kept.
  static Terms answerTerms(Stored batch, Terms usual) {
    var given = batch.object().path(ANSWERS_KEPT).path("seconds");
    return given.isMissingNode()
        ? usual
        : new Terms(usual.stamps(), usual.clock(), Duration.ofSeconds(given.longValue()));
  }

  /// When what begins to be kept now is forgotten.
  static long end(Ledger ledger, Terms terms) {
    return terms.kept().isZero() ? Stored.FOREVER : ledger.seconds() + terms.kept().toSeconds();
  }

  /// Gives up what is being answered, which the next process answers; and waits for that.
  @Override
  public void close() {
    isClosing = true;
    janitor.interrupt();
    try {
      janitor.join();
      for (Thread thread : threads) {
        thread.join();
      }
      ledger.close();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the folder of batches was not closed: " + e.getMessage());
    }
  }
}
