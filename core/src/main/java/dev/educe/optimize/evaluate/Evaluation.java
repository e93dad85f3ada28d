package dev.educe.optimize.evaluate;

import java.nio.file.Path;
import java.util.Optional;

/// What was measured of one model on a text.
///
/// @param fileBytes the file's size
/// @param weightBytes that of its weights alone
/// @param parameters how many numbers the model learned
/// @param readRate tokens of the text read per second, in batches
/// @param writeRate tokens read per second one at a time, as when text is written; 0 if that was
///   not measured
/// @param divergence from the reference; empty for the reference, or where there is none
public record Evaluation(
    Path path,
    long fileBytes,
    long weightBytes,
    long parameters,
    Perplexity perplexity,
    double readRate,
    double writeRate,
    Optional<Divergence> divergence) {
  public Evaluation withWriteRate(double writeRate) {
    return new Evaluation(
        path, fileBytes, weightBytes, parameters, perplexity, readRate, writeRate, divergence);
  }

  /// Bits that the file has for each parameter, on average.
  public double bitsPerWeight() {
    return 8.0 * weightBytes / parameters;
  }
}
