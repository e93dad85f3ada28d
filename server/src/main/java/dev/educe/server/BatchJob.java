package dev.educe.server;

import dev.educe.server.access.Budgets;
import dev.educe.server.batch.BatchFile;
import dev.educe.server.generation.Pace;
import dev.educe.server.generation.Service;
import dev.educe.server.model.Catalogue;
import dev.educe.server.openai.OpenAi;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.DoubleConsumer;

/// A file of requests, answered without a server.
public final class BatchJob {
  private BatchJob() {}

  /// The models that requests of a file name.
  ///
  /// @param in lines of requests, as OpenAI's batches have them
  /// @throws IOException if it cannot be read, or has a line that is no request
  public static Set<String> models(Path in) throws IOException {
    return BatchFile.models(in, OpenAi.ENDPOINTS);
  }

  /// Answers what has no answer yet, as a server would.
  ///
  /// @param in lines of requests, as OpenAI's batches have them
  /// @param out where answers are added; it is made if it is not there
  /// @param catalogue of models; borrowed
  /// @param linesAtOnce how many lines are answered at once
  /// @param progress takes the share of lines that have an answer, on any thread
  /// @throws IOException if a file cannot be used, `in` has a line that is no request, or `out` has
  ///   one that is no answer to it
  public static BatchFile.Counts answer(
      Path in, Path out, Catalogue catalogue, int linesAtOnce, DoubleConsumer progress)
      throws IOException {
    var service =
        new Service(
            catalogue,
            new Budgets(System::nanoTime),
            new Metrics(catalogue),
            new Pace(),
            Duration.ofSeconds(1),
            Duration.ZERO);
    return BatchFile.answer(in, out, OpenAi.endpoints(service), linesAtOnce, progress);
  }
}
