package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluator;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BudgetTest {
  @TempDir Path folder;

  @Test
  void sizesAreRead() {
    assertEquals(new Budget(4.5, true), Budget.of("4.5bpw"));
    assertEquals(new Budget(3e9, false), Budget.of("3GB"));
    assertEquals(new Budget(700.0 * (1 << 20), false), Budget.of("700 MiB"));
    for (String wrong : List.of("", "4.5", "0bpw", "-1GB", "GB", "3 apples")) {
      assertThrows(IllegalArgumentException.class, () -> Budget.of(wrong), wrong);
    }
  }

  private Path model() throws IOException {
    return TinyCheckpoints.of("llama", DType.F32)
        .with("block_count", 1)
        .with("embedding_length", 256)
        .with("feed_forward_length", 512)
        .write(folder.resolve("in.gguf"));
  }

  private static Plan plan(Path model, QuantizeOptions options) throws IOException {
    try (var quantizer = Quantizer.open(model, options.withThreads(2))) {
      return quantizer.plan(_ -> {});
    }
  }

  private static double error(Path model, Plan plan) throws IOException {
    double sum = 0;
    try (var file = Gguf.open(model)) {
      for (Plan.Step step : plan.tensors()) {
        if (step.isConverted()) {
          int rows = (int) step.tensor().shape().rows();
          int columns = (int) step.tensor().shape().columns();
          var x = new float[rows * columns];
          new RowReader(file, step.tensor()).read(0, rows, x);
          sum += BudgetPlanner.error(x, rows, columns, step.type(), Optional.empty());
        }
      }
    }
    return sum;
  }

  @Test
  void moreRoomIsFilledWithLessError() throws IOException {
    Path model = model();
    double last = Double.POSITIVE_INFINITY;
    for (double bits : new double[] {3.2, 5, 9}) {
      Plan plan = plan(model, QuantizeOptions.of(new Budget(bits, true)));
      assertTrue(plan.bitsPerWeight() <= bits, bits + ": " + plan.bitsPerWeight());
      assertTrue(plan.bitsPerWeight() >= 0.9 * bits, bits + ": " + plan.bitsPerWeight());
      double error = error(model, plan);
      assertTrue(error < 0.7 * last, bits + ": " + error + " after " + last);
      last = error;
    }
  }

  /// A budget of a mix's size is spent better than the mix spends it.
  @Test
  void aBudgetBeatsAMixOfTheSameSize() throws IOException {
    Path model = model();
    Plan mix = plan(model, QuantizeOptions.of(Mix.Q4_K_M));
    Plan chosen = plan(model, QuantizeOptions.of(new Budget(mix.bitsPerWeight(), true)));
    assertTrue(chosen.bytes() <= mix.bytes());
    assertTrue(error(model, chosen) < error(model, mix));
  }

  @Test
  void aFileIsNotLargerThanWasAskedFor() throws IOException {
    Path model = model();
    long size = Files.size(model) / 5;
    Path out = folder.resolve("out.gguf");
    var options = QuantizeOptions.of(Budget.of(size + "B"));
    try (var quantizer = Quantizer.open(model, options.withThreads(1))) {
      quantizer.write(quantizer.plan(_ -> {}), out, _ -> {});
    }
    assertTrue(Files.size(out) <= size, Files.size(out) + " of " + size);
    var small =
        assertThrows(
            IllegalArgumentException.class,
            () -> plan(model, QuantizeOptions.of(new Budget(1.5, true))));
    assertTrue(small.getMessage().startsWith("the budget is too small"), small.getMessage());
  }

  @Test
  void whatIsGivenAFormatKeepsIt() throws IOException {
    var options =
        QuantizeOptions.of(new Budget(5, true))
            .withOverrides(List.of(QuantizeOptions.Chosen.of("attn_q=q8_0")));
    for (Plan.Step step : plan(model(), options).tensors()) {
      assertTrue(!step.tensor().name().contains("attn_q.") || step.type() == DType.Q8_0);
      assertTrue(step.tensor().shape().dimensions().size() > 1 || step.type() == DType.F32);
    }
  }

  /// Where it is measured what errors cost, the same bytes leave predictions closer to the model's.
  @Test
  void aTextTellsWhatErrorsCost() throws IOException {
    Path model = model();
    var sample = Sample.of("text", "hello the world and the hand is on the world. ".repeat(50));
    var plain = QuantizeOptions.of(new Budget(4.5, true));
    var measured = QuantizeOptions.of(new Budget(4.5, true), sample);
    double before = divergence(model, plain, sample);
    double after = divergence(model, measured, sample);
    assertTrue(after < 0.95 * before, after + " where it was " + before);
    assertTrue(plan(model, measured).bitsPerWeight() <= 4.5);
  }

  private double divergence(Path model, QuantizeOptions options, Sample sample) throws IOException {
    Path out = folder.resolve("out.gguf");
    try (var quantizer = Quantizer.open(model, options.withThreads(2))) {
      quantizer.write(quantizer.plan(_ -> {}), out, _ -> {});
    }
    var reading = ReadingOptions.defaults().withThreads(2).withContextTokens(256);
    try (var whole = MeasuredModel.load(model, reading);
        var small = MeasuredModel.load(out, reading)) {
      var chunks = Chunks.of(whole.tokenizer(), sample, 256, 1);
      var both = Evaluator.compare(whole, small, chunks, (_, _, _) -> {});
      return both.getLast().divergence().orElseThrow().mean();
    }
  }
}
