package dev.educe.model;

import dev.educe.format.Gguf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Runs a description as its records define it: double precision, F32 files, one sequence, nothing
/// fast. The judge of descriptions, and of nothing else.
public final class ReferenceDecoder {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

  private final Decoder decoder;
  private final Weights weights;
  private final Map<String, double[]> values = new HashMap<>(); // by weight's name, in wanted order
  private final List<List<double[]>> keys = new ArrayList<>(); // by attention, then position
  private final List<List<double[]>> cached = new ArrayList<>();
  private int attentions; // that have run for the token under way

  public ReferenceDecoder(Decoder decoder, Weights weights, Gguf file) throws IOException {
    this.decoder = decoder;
    this.weights = weights;
    for (var weight : weights.all()) {
      values.put(weight.spec().name(), read(weight, file));
    }
  }

  private static double[] read(Weight weight, Gguf file) throws IOException {
    var spec = weight.spec();
    var all = new double[Math.toIntExact(spec.shape().elements())];
    int filled = 0;
    for (var part : weight.parts()) {
      var bytes = MemorySegment.ofArray(new byte[Math.toIntExact(part.bytes())]);
      file.read(part, 0, bytes);
      for (long i = 0; i < part.bytes() / 4; i++) {
        all[filled++] = bytes.getAtIndex(FLOAT, i);
      }
    }
    int columns = spec.kind() == WeightSpec.Kind.VECTOR ? 1 : (int) spec.shape().columns();
    return IntStream.range(0, all.length)
        .mapToDouble(i -> all[spec.rowOrder().rowInFile(i / columns) * columns + i % columns])
        .toArray();
  }

  /// Logits of every position.
  public double[][] logits(int[] tokens) {
    return IntStream.range(0, tokens.length)
        .mapToObj(p -> step(tokens[p], p))
        .toArray(double[][]::new);
  }

  /// The hidden states after the final norm, of every position.
  public double[][] states(int[] tokens) {
    return IntStream.range(0, tokens.length)
        .mapToObj(p -> state(tokens[p], p))
        .toArray(double[][]::new);
  }

  private double[] step(int token, int position) {
    var x = state(token, position);
    var output = decoder.output();
    var logits =
        product(values.get(weights.output().spec().name()), 0, decoder.vocabularySize(), x);
    return plus(logits, output.projection().bias());
  }

  private double[] state(int token, int position) {
    attentions = 0;
    var table = values.get(decoder.embedding().weight().name());
    int hidden = decoder.hiddenSize();
    var h = Arrays.copyOfRange(table, token * hidden, (token + 1) * hidden);
    Arrays.setAll(h, i -> h[i] * decoder.embedding().scale());
    for (var layer : decoder.layers()) {
      for (var step : layer.steps()) {
        var before = h.clone();
        for (var branch : step.branches()) {
          var y =
              normalized(
                  branch.after(), run(branch.op(), normalized(branch.before(), before), position));
          Arrays.setAll(h, i -> h[i] + step.scale() * y[i]);
        }
      }
    }
    return normalized(Optional.of(decoder.output().norm()), h);
  }

  private double[] run(Op op, double[] x, int position) {
    return switch (op) {
      case Attention attention -> attend(attention, x, position);
      case GatedMlp mlp -> {
        var inner = gated(project(mlp.gate(), x), project(mlp.up(), x));
        yield project(mlp.down(), inner);
      }
      case Experts experts -> mix(experts, x);
    };
  }

  private double[] attend(Attention a, double[] x, int position) {
    int size = a.headSize();
    var q = headwise(a, a.queryNorm(), project(a.query(), x), position);
    var k = headwise(a, a.keyNorm(), project(a.key(), x), position);
    a.temperature().ifPresent(t -> Arrays.setAll(q, i -> q[i] * t.at(position)));
    if (keys.size() == attentions) {
      keys.add(new ArrayList<>());
      cached.add(new ArrayList<>());
    }
    var allKeys = keys.get(attentions);
    var allValues = cached.get(attentions++);
    allKeys.add(k);
    allValues.add(project(a.value(), x));
    var mixed = new double[a.heads() * size];
    int first = (int) Math.max(0, position - (long) a.window() + 1);
    for (int head = 0; head < a.heads(); head++) {
      int shared = head / (a.heads() / a.kvHeads()) * size;
      var scores = new double[position + 1 - first];
      for (int p = first; p <= position; p++) {
        for (int c = 0; c < size; c++) {
          scores[p - first] += q[head * size + c] * allKeys.get(p)[shared + c] * a.scale();
        }
      }
      var shares = softmax(scores);
      for (int p = first; p <= position; p++) {
        for (int c = 0; c < size; c++) {
          mixed[head * size + c] += shares[p - first] * allValues.get(p)[shared + c];
        }
      }
    }
    return project(a.output(), mixed);
  }

  private double[] headwise(Attention a, Optional<Norm> norm, double[] heads, int position) {
    var result = new double[heads.length];
    for (int head = 0; head < heads.length; head += a.headSize()) {
      var one = normalized(norm, Arrays.copyOfRange(heads, head, head + a.headSize()));
      a.rope().ifPresent(rope -> rotate(rope, one, position));
      System.arraycopy(one, 0, result, head, one.length);
    }
    return result;
  }

  private void rotate(Rope rope, double[] head, int position) {
    var factors = rope.factors().map(spec -> values.get(spec.name()));
    var frequencies = rope.frequencies();
    int half = rope.dimensions() / 2;
    for (int i = 0; i < half; i++) {
      double angle = position * frequencies[i];
      angle = factors.isPresent() ? angle / factors.get()[i] : angle;
      double c = Math.cos(angle) * rope.magnitude();
      double s = Math.sin(angle) * rope.magnitude();
      double x0 = head[i];
      double x1 = head[i + half];
      head[i] = x0 * c - x1 * s;
      head[i + half] = x0 * s + x1 * c;
    }
  }

  private double[] mix(Experts e, double[] x) {
    var shares = softmax(product(values.get(e.router().name()), 0, e.count(), x));
    var chosen =
        IntStream.range(0, e.count())
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -shares[i]))
            .limit(e.used())
            .toList();
    double sum = e.renormalized() ? chosen.stream().mapToDouble(i -> shares[i]).sum() : 1;
    var y = new double[x.length];
    for (int expert : chosen) {
      int up = expert * e.intermediateSize();
      var inner =
          gated(
              product(values.get(e.gate().name()), up, e.intermediateSize(), x),
              product(values.get(e.up().name()), up, e.intermediateSize(), x));
      var part = product(values.get(e.down().name()), expert * x.length, x.length, inner);
      Arrays.setAll(y, i -> y[i] + part[i] * shares[expert] / sum * e.weightsScale());
    }
    return y;
  }

  private static double[] gated(double[] gate, double[] up) {
    return IntStream.range(0, up.length)
        .mapToDouble(i -> gate[i] / (1 + Math.exp(-gate[i])) * up[i])
        .toArray();
  }

  private double[] project(Projection projection, double[] x) {
    int rows = Math.toIntExact(projection.weight().shape().rows());
    return plus(product(values.get(projection.weight().name()), 0, rows, x), projection.bias());
  }

  private double[] plus(double[] y, WeightSpec bias) {
    var b = values.get(bias.name());
    return b == null ? y : IntStream.range(0, y.length).mapToDouble(i -> y[i] + b[i]).toArray();
  }

  private static double[] product(double[] matrix, int firstRow, int rows, double[] x) {
    var y = new double[rows];
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < x.length; c++) {
        y[row] += matrix[(firstRow + row) * x.length + c] * x[c];
      }
    }
    return y;
  }

  private double[] normalized(Optional<Norm> norm, double[] x) {
    if (norm.isEmpty()) {
      return x;
    }
    var weight = values.get(norm.get().weight().name());
    double mean = Arrays.stream(x).map(v -> v * v).sum() / x.length;
    double factor = 1 / Math.sqrt(mean + norm.get().epsilon());
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * factor * weight[i]).toArray();
  }

  private static double[] softmax(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    var e = Arrays.stream(x).map(v -> Math.exp(v - max)).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(v -> v / sum).toArray();
  }
}
