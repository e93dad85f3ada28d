package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.optimize.Chunks;
import dev.educe.optimize.ImportanceMatrix;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluator;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What it is worth to know what goes into the matrices, on a model that has learned something.
class CalibrationTest {
  private static final int CONTEXT = 256;
  private static final int CALIBRATION_CHARS = 20_000;

  @TempDir Path folder;

  private final ReadingOptions options =
      ReadingOptions.defaults().withContextTokens(CONTEXT).withThreads(2);

  /// The better a matrix' inputs are known the less is lost, and the more bits the less.
  @Test
  void whatIsKnownOfInputsIsWorthSomethingAtEverySize() throws IOException {
    Path model = TestData.file("models", "stories260K.gguf");
    String text = Files.readString(TestData.file("golden", "stories-sample.txt"));
    var calibration = Sample.of("beginning", text.substring(0, CALIBRATION_CHARS));
    var test = Sample.of("rest", text.substring(CALIBRATION_CHARS)).withChunksMax(20);
    var importance = ImportanceMatrix.measure(model, options, calibration, (_, _, _) -> {});
    var moments = SecondMoments.measure(model, options, calibration, _ -> {});
    double[] before = {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE};
    try (var reference = MeasuredModel.load(model, options)) {
      for (Mix mix : new Mix[] {Mix.Q4_0, Mix.IQ4_NL, Mix.Q5_0, Mix.Q8_0}) {
        var plain = QuantizeOptions.of(mix).withPure(true).withThreads(2);
        double[] lost = {
          divergence(reference, test, plain),
          divergence(reference, test, plain.withImportance(importance)),
          divergence(reference, test, plain.withMoments(moments))
        };
        for (int method = 0; method < 3; method++) {
          assertTrue(lost[method] < before[method], mix + ": " + lost[method]);
        }
        // What Q8_0 loses is little more than what activations of 8 bits do.
        double less = mix == Mix.Q8_0 ? 1 : 0.95;
        assertTrue(lost[1] < less * lost[0], mix + ": " + lost[1] + " against " + lost[0]);
        assertTrue(lost[2] < less * lost[1], mix + ": " + lost[2] + " against " + lost[1]);
        before = lost;
      }
    }
  }

  private double divergence(MeasuredModel reference, Sample text, QuantizeOptions how)
      throws IOException {
    Path out = folder.resolve("small.gguf");
    try (var quantizer = Quantizer.open(reference.path(), how)) {
      quantizer.write(quantizer.plan(_ -> {}), out, _ -> {});
    }
    try (var small = MeasuredModel.load(out, options)) {
      var chunks = Chunks.of(reference.tokenizer(), text, CONTEXT, 1);
      return Evaluator.compare(reference, small, chunks, (_, _, _) -> {})
          .getLast()
          .divergence()
          .orElseThrow()
          .mean();
    }
  }
}
