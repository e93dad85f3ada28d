package dev.educe.optimize.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.ModelFormatException;
import dev.educe.kernels.KernelSelector;
import dev.educe.model.Attention;
import dev.educe.model.GatedMlp;
import dev.educe.model.Op;
import dev.educe.optimize.train.Batch.Piece;
import dev.educe.optimize.train.Parameters.Parameter;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Derivatives against differences: of each step alone, and of the whole network's loss.
///
/// A difference of losses in floats is blurred by rounding, so what is compared is the slope along
/// a random direction over many weights at once, where the true value stands far above the blur.
@ExtendWith(Seeded.class)
class GradientTest {
  private static final int HIDDEN = 24;
  private static final int ROWS = 71; // two chunks, and blocks that are not full
  private static final float DISTANCE_MAX = 4e-2f;
  private static final float SHRINK = 1.6f;
  private static final int LEVELS = 7;
  private static final double TOLERANCE = 0.02;

  private final Team team = new Team(2, KernelSelector.dense());
  private final Student student = student();
  private final Batch batch = batch(new Random(7));

  @AfterEach
  void close() {
    team.close();
  }

  private static Student student() {
    try {
      var spec = StudentSpec.parse("layers=2,hidden=24,heads=4,kv-heads=2,ffn=40,context=64");
      var teacher = TinyCheckpoints.of("llama", DType.F32).metadata();
      return Student.create(spec, "test", teacher, List.of(), 5);
    } catch (ModelFormatException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private Batch batch(Random random) {
    int size = student.tokenizer().vocabularySize();
    var first = random.ints(41, 3, size).toArray();
    var second = random.ints(32, 3, size).toArray();
    return new Batch(List.of(new Piece(first), new Piece(second)));
  }

  @Test
  void theNormsDerivativeIsItsSlope(Random random) {
    var parameter = parameter("blk.0.attn_norm.weight");
    fill(student.parameters().values(), parameter.from(), HIDDEN, random, 0.5f);
    var norm = new RmsNorm(team, student.parameters(), parameter, 1e-5f, ROWS);
    checkStep(
        random,
        (x, y) -> norm.forward(x, y, ROWS),
        (x, dy, dx) -> norm.backward(x, dy, dx, ROWS),
        List.of(parameter));
  }

  @Test
  void theGatedNetworksDerivativeIsItsSlope(Random random) {
    var mlp = (GatedMlp) op(1);
    var step = new GatedMlpStep(team, student.parameters(), mlp, ROWS);
    checkStep(random, step, "blk.0.ffn_gate", "blk.0.ffn_up", "blk.0.ffn_down");
  }

  @Test
  void attentionsDerivativeIsItsSlope(Random random) {
    var attention = (Attention) op(0);
    var step = new AttentionStep(team, student.parameters(), attention, ROWS, 64);
    checkStep(random, step, "blk.0.attn_q", "blk.0.attn_k", "blk.0.attn_v", "blk.0.attn_output");
  }

  @Test
  void theWholeNetworksGradientIsTheSlopeOfTheLoss(Random random) {
    var decoder = student.decoder();
    var network = new Network(team, decoder, student.parameters(), ROWS, 64);
    int vocabulary = student.tokenizer().vocabularySize();
    var loss = new DistilLoss(team, vocabulary, 0.7f, ROWS);
    var targets = targets(random, vocabulary);
    for (Parameter parameter : student.parameters().all()) {
      float deviation = parameter.isMatrix() ? 0.3f : 1;
      fill(student.parameters().values(), parameter.from(), parameter.size(), random, deviation);
    }
    float[] logits = new float[ROWS * vocabulary];
    network.forward(batch, logits);
    loss.differentiate(logits, targets, batch);
    network.backward(batch, logits, Optional.empty());
    float[] gradients = student.parameters().gradients().clone();
    for (Parameter parameter : student.parameters().all()) {
      float[] direction =
          direction(gradients, parameter.from(), parameter.size(), random, parameter.name());
      double expected = product(gradients, direction);
      double slope =
          slope(student.parameters().values(), direction, () -> value(network, loss, targets));
      assertEquals(1, slope / expected, TOLERANCE, parameter.name());
    }
  }

  private double value(Network network, DistilLoss loss, Targets targets) {
    float[] logits = new float[ROWS * student.tokenizer().vocabularySize()];
    network.forward(batch, logits);
    var value = loss.differentiate(logits, targets, batch);
    // Of the rows with a distribution the share 0.7 is the divergence from it.
    double softShare = (double) value.softRows() / ROWS;
    double sum = value.divergence() * 0.7 * softShare;
    for (int row = 0; row < ROWS; row++) {
      sum += loss.hardLoss(row) * (targets.isSoft(row) ? 0.3 : 1) / ROWS;
    }
    return sum;
  }

  private static Targets targets(Random random, int vocabulary) {
    var targets = new Targets(ROWS, vocabulary);
    for (int row = 0; row < ROWS; row++) {
      if (row % 3 == 2) {
        targets.setHard(row);
        continue;
      }
      int from = targets.offset(row);
      float sum = 0;
      for (int i = from; i < from + vocabulary; i++) {
        targets.probabilities()[i] = (float) Math.exp(3 * random.nextGaussian());
        sum += targets.probabilities()[i];
      }
      double entropy = 0;
      for (int i = from; i < from + vocabulary; i++) {
        float p = targets.probabilities()[i] /= sum;
        entropy -= p * Math.log(p);
      }
      targets.setSoft(row, entropy);
    }
    return targets;
  }

  private interface Forward {
    void run(float[] x, float[] y);
  }

  private interface Backward {
    void run(float[] x, float[] dy, float[] dx);
  }

  private void checkStep(Random random, Step step, String... weights) {
    for (String weight : weights) {
      var parameter = parameter(weight + ".weight");
      fill(student.parameters().values(), parameter.from(), parameter.size(), random, 0.3f);
    }
    checkStep(
        random,
        (x, y) -> step.forward(x, y, batch),
        (x, dy, dx) -> step.backward(x, dy, dx, batch),
        Arrays.stream(weights).map(name -> parameter(name + ".weight")).toList());
  }

  /// With the loss `Σ y · c` for random `c`, the gradients are what backward makes of `c`.
  private void checkStep(
      Random random, Forward forward, Backward backward, List<Parameter> weights) {
    float[] x = new float[ROWS * HIDDEN];
    fill(x, 0, x.length, random, 1);
    float[] y = new float[x.length];
    float[] c = new float[x.length];
    fill(c, 0, c.length, random, 1);
    forward.run(x, y);
    float[] dx = new float[x.length];
    Arrays.fill(student.parameters().gradients(), 0);
    backward.run(x, c.clone(), dx);
    Runnable again = () -> forward.run(x, y);
    check("x", x, dx, 0, x.length, random, () -> run(again, y, c));
    float[] gradients = student.parameters().gradients().clone();
    for (Parameter weight : weights) {
      check(
          weight.name(),
          student.parameters().values(),
          gradients,
          weight.from(),
          weight.size(),
          random,
          () -> run(again, y, c));
    }
  }

  private static double run(Runnable forward, float[] y, float[] c) {
    forward.run();
    return product(y, c);
  }

  private static void check(
      String name,
      float[] values,
      float[] gradients,
      int from,
      int count,
      Random random,
      DoubleSupplier loss) {
    float[] direction = direction(gradients, from, count, random, name);
    double expected = product(gradients, direction);
    assertEquals(1, slope(values, direction, loss) / expected, TOLERANCE, name);
  }

  /// A direction of chance, and as much of the gradient's own: else most slopes were near zero.
  private static float[] direction(
      float[] gradients, int from, int count, Random random, String name) {
    float[] direction = new float[gradients.length];
    fill(direction, from, count, random, 1);
    float own = norm(gradients, from, count);
    float chance = norm(direction, from, count);
    assertTrue(own > 0, name + " has no gradient");
    for (int i = from; i < from + count; i++) {
      direction[i] = direction[i] / chance + gradients[i] / own;
    }
    return direction;
  }

  /// The difference quotient along a direction, from both sides, as its distance goes to zero: of
  /// ever smaller distances, each extrapolated with those before, that which differs least from its
  /// neighbours (C. Ridders, 1982). How curved a loss is depends on the seed, and too small a
  /// distance shows its rounding.
  private static double slope(float[] values, float[] direction, DoubleSupplier loss) {
    double[] before = {};
    double best = 0;
    double leastError = Double.POSITIVE_INFINITY;
    float distance = DISTANCE_MAX;
    for (int level = 0; level < LEVELS; level++, distance /= SHRINK) {
      double[] now = new double[level + 1];
      now[0] = difference(values, direction, distance, loss);
      double factor = 1;
      for (int order = 1; order <= level; order++) {
        factor *= SHRINK * SHRINK;
        now[order] = (now[order - 1] * factor - before[order - 1]) / (factor - 1);
        double error =
            Math.max(
                Math.abs(now[order] - now[order - 1]), Math.abs(now[order] - before[order - 1]));
        if (error < leastError) {
          leastError = error;
          best = now[order];
        }
      }
      before = now;
    }
    return best;
  }

  private static double difference(
      float[] values, float[] direction, float distance, DoubleSupplier loss) {
    float[] kept = values.clone();
    move(values, kept, direction, distance);
    double above = loss.getAsDouble();
    move(values, kept, direction, -distance);
    double below = loss.getAsDouble();
    System.arraycopy(kept, 0, values, 0, kept.length);
    return (above - below) / (2 * distance);
  }

  private static void move(float[] values, float[] kept, float[] direction, float distance) {
    for (int i = 0; i < values.length; i++) {
      values[i] = kept[i] + direction[i] * distance;
    }
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < b.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static float norm(float[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (double) values[i] * values[i];
    }
    return (float) Math.sqrt(sum);
  }

  private static void fill(float[] values, int from, int count, Random random, float deviation) {
    for (int i = from; i < from + count; i++) {
      values[i] = (float) random.nextGaussian() * deviation;
    }
  }

  private Parameter parameter(String name) {
    return student.parameters().all().stream()
        .filter(parameter -> parameter.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private Op op(int step) {
    return student.decoder().layers().getFirst().steps().get(step).branches().getFirst().op();
  }
}
