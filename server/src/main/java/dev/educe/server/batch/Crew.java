package dev.educe.server.batch;

import dev.educe.server.http.Caller;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/// Answers the lines of files, so many at once for all files together. Thread-safe.
///
/// @param permits one for each line under way
record Crew(Answering answering, Semaphore permits) {
  private static final long LOOK_MILLIS = 50;

  /// Takes answers, on the thread of each; several may come at once.
  @FunctionalInterface
  interface Sink {
    void take(Answering.Line line) throws IOException;
  }

  /// Answers the lines of a file that was checked.
  ///
  /// @param answered ids of the lines that are to be left out
  /// @param caller for whom
  /// @param isStopped whether to give up what has no answer yet
  /// @throws IOException if the file cannot be read or an answer not be taken; the rest is given up
  void answer(Path file, Set<String> answered, Caller caller, BooleanSupplier isStopped, Sink sink)
      throws IOException {
    var failure = new AtomicReference<Throwable>();
    BooleanSupplier isOver = () -> failure.get() != null || isStopped.getAsBoolean();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      BatchLine.each(
          file,
          (_, bytes) -> {
            var line = BatchLine.of(bytes, answering.urls());
            if (answered.contains(line.customId())) {
              return !isOver.getAsBoolean();
            }
            if (!acquire(isOver)) {
              return false;
            }
            threads.execute(() -> {
              try {
                var answer = answering.answer(line, caller, isOver);
                if (answer.isPresent()) {
                  sink.take(answer.get());
                }
              } catch (IOException | RuntimeException | Error e) {
                failure.compareAndSet(null, e);
              } finally {
                permits.release();
              }
            });
            return true;
          });
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
    }
    if (failure.get() != null) {
      throw new IOException(failure.get().getMessage(), failure.get());
    }
  }

  private boolean acquire(BooleanSupplier isOver) {
    try {
      while (!isOver.getAsBoolean()) {
        if (permits.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          return true;
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return false;
  }
}
