package dev.educe.optimize.train;

import dev.educe.kernels.Exponential;
import dev.educe.model.Attention;
import java.util.Arrays;
import java.util.Optional;

/// Causal attention with grouped heads.
///
/// The unit of work is a piece of text and a key head with its query heads: what it adds to the
/// gradients of keys and values is nobody else's. Probabilities are not kept; backward computes
/// them again from the scores and the logarithm of their sum.
///
/// Source: Dao 2023, "FlashAttention-2", section 2.3, for the derivative.
final class AttentionStep implements Step {
  /// Queries that are looked at together.
  private static final int BLOCK = 64;

  private final Team team;
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final Optional<Rotation> rotation;
  private final int heads;
  private final int kvHeads;
  private final int headSize;
  private final float scale;
  private final float[] queries; // [rows, heads · headSize]
  private final float[] keys; // [rows, kvHeads · headSize]
  private final float[] values;
  private final float[] mixed; // [rows, heads · headSize]: before the output projection
  private final float[] logSums; // [rows, heads]
  private final float[] dQueries;
  private final float[] dKeys;
  private final float[] dValues;
  private final float[] dMixed;
  private final Scratch[] scratch; // [threads]

  AttentionStep(
      Team team, Parameters parameters, Attention attention, int rowsMax, int contextLength) {
    this.team = team;
    this.query = new Linear(team, parameters, parameters.get(attention.query().weight()));
    this.key = new Linear(team, parameters, parameters.get(attention.key().weight()));
    this.value = new Linear(team, parameters, parameters.get(attention.value().weight()));
    this.output = new Linear(team, parameters, parameters.get(attention.output().weight()));
    this.heads = attention.heads();
    this.kvHeads = attention.kvHeads();
    this.headSize = attention.headSize();
    this.scale = attention.scale();
    this.rotation = attention.rope().map(rope -> new Rotation(rope, headSize, contextLength));
    this.queries = new float[Math.multiplyExact(rowsMax, heads * headSize)];
    this.keys = new float[rowsMax * kvHeads * headSize];
    this.values = keys.clone();
    this.mixed = queries.clone();
    this.logSums = new float[rowsMax * heads];
    this.dQueries = queries.clone();
    this.dKeys = keys.clone();
    this.dValues = keys.clone();
    this.dMixed = queries.clone();
    this.scratch = new Scratch[team.threads()];
    Arrays.setAll(scratch, _ -> new Scratch(contextLength));
  }

  /// What a thread needs for one block of queries.
  private static final class Scratch {
    private final PackedMatrix keys = new PackedMatrix(); // [length, headSize]
    private final PackedMatrix keysAcross = new PackedMatrix(); // [headSize, length]
    private final PackedMatrix values = new PackedMatrix(); // as wanted
    private final PackedMatrix block = new PackedMatrix(); // [BLOCK, headSize]
    private final float[] scores;
    private final float[] dScores;

    Scratch(int contextLength) {
      scores = new float[BLOCK * padded(contextLength)];
      dScores = new float[scores.length];
    }
  }

  /// Whole tiles of columns.
  private static int padded(int columns) {
    return (columns + 31) / 32 * 32;
  }

  @Override
  public void forward(float[] x, float[] y, Batch batch) {
    int rows = batch.rows();
    query.forward(x, queries, rows);
    key.forward(x, keys, rows);
    value.forward(x, values, rows);
    rotate(queries, keys, batch, 1);
    team.workers()
        .run(
            batch.pieces().size() * kvHeads,
            (item, worker) -> mix(batch, item / kvHeads, item % kvHeads, worker));
    output.forward(mixed, y, rows);
  }

  @Override
  public void backward(float[] x, float[] dy, float[] dx, Batch batch) {
    int rows = batch.rows();
    output.backward(mixed, dy, dMixed, rows, false);
    team.workers()
        .run(
            batch.pieces().size() * kvHeads,
            (item, worker) -> differentiate(batch, item / kvHeads, item % kvHeads, worker));
    rotate(dQueries, dKeys, batch, -1);
    query.backward(x, dQueries, dx, rows, false);
    key.backward(x, dKeys, dx, rows, true);
    value.backward(x, dValues, dx, rows, true);
  }

  private void rotate(float[] ofQueries, float[] ofKeys, Batch batch, int sign) {
    if (rotation.isEmpty()) {
      return;
    }
    int[] positions = batch.positions();
    team.rows(
        batch.rows(),
        (first, last, _) -> {
          for (int row = first; row < last; row++) {
            int position = positions[row];
            int from = row * heads * headSize;
            rotation.get().rotate(ofQueries, from, heads, position, sign);
            rotation.get().rotate(ofKeys, row * kvHeads * headSize, kvHeads, position, sign);
          }
        });
  }

  /// One head of some rows.
  private DenseMatrix head(float[] all, int row, int rows, int head, int count) {
    int stride = count * headSize;
    return new DenseMatrix(all, row * stride + head * headSize, rows, headSize, stride, 1);
  }

  private void mix(Batch batch, int piece, int kvHead, int worker) {
    var own = scratch[worker];
    int start = batch.start(piece);
    int length = batch.length(piece);
    own.keysAcross.pack(head(keys, start, length, kvHead, kvHeads).transposed());
    own.values.pack(head(values, start, length, kvHead, kvHeads));
    int group = heads / kvHeads;
    for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
      for (int first = 0; first < length; first += BLOCK) {
        int rows = Math.min(BLOCK, length - first);
        int seen = first + rows;
        int stride = padded(seen);
        var scores = DenseMatrix.of(own.scores, 0, rows, stride);
        var ofBlock = head(queries, start + first, rows, head, heads);
        team.product(worker).multiply(ofBlock, own.keysAcross, scores, false);
        normalize(own.scores, stride, first, rows, (start + first) * heads + head);
        var target = head(mixed, start + first, rows, head, heads);
        team.product(worker).multiply(scores.columns(0, seen), own.values, target, false);
      }
    }
  }

  /// Scores become probabilities, zero for what comes later.
  private void normalize(float[] scores, int stride, int first, int rows, int logSum) {
    for (int row = 0; row < rows; row++) {
      int from = row * stride;
      int seen = first + row + 1;
      float max = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < seen; i++) {
        float score = scores[from + i];
        max = score > max ? score : max;
      }
      max *= scale;
      for (int i = 0; i < seen; i++) {
        scores[from + i] = scores[from + i] * scale - max;
      }
      Arrays.fill(scores, from + seen, from + stride, Float.NEGATIVE_INFINITY);
      logSums[logSum + row * heads] = max;
    }
    team.kernels().exp(scores, rows * stride);
    for (int row = 0; row < rows; row++) {
      int from = row * stride;
      float sum = Sums.of(scores, from, first + row + 1);
      float inverse = 1 / sum;
      for (int i = 0; i < stride; i++) {
        scores[from + i] *= inverse;
      }
      logSums[logSum + row * heads] += Exponential.log(sum);
    }
  }

  private void differentiate(Batch batch, int piece, int kvHead, int worker) {
    var own = scratch[worker];
    int start = batch.start(piece);
    int length = batch.length(piece);
    var ofKeys = head(keys, start, length, kvHead, kvHeads);
    own.keys.pack(ofKeys);
    own.keysAcross.pack(ofKeys.transposed());
    own.values.pack(head(values, start, length, kvHead, kvHeads).transposed());
    int group = heads / kvHeads;
    clear(head(dKeys, start, length, kvHead, kvHeads));
    clear(head(dValues, start, length, kvHead, kvHeads));
    for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
      for (int first = 0; first < length; first += BLOCK) {
        int rows = Math.min(BLOCK, length - first);
        differentiateBlock(own, worker, start, first, rows, head, kvHead);
      }
    }
  }

  private static void clear(DenseMatrix matrix) {
    for (int row = 0; row < matrix.rows(); row++) {
      int from = matrix.from() + row * matrix.rowStride();
      Arrays.fill(matrix.values(), from, from + matrix.columns(), 0);
    }
  }

  private void differentiateBlock(
      Scratch own, int worker, int start, int first, int rows, int head, int kvHead) {
    var product = team.product(worker);
    int seen = first + rows;
    int stride = padded(seen);
    var ofQueries = head(queries, start + first, rows, head, heads);
    var ofMixed = head(mixed, start + first, rows, head, heads);
    var dOfMixed = head(dMixed, start + first, rows, head, heads);
    var scores = DenseMatrix.of(own.scores, 0, rows, stride);
    var dScores = DenseMatrix.of(own.dScores, 0, rows, stride);
    product.multiply(ofQueries, own.keysAcross, scores, false);
    restore(own.scores, stride, first, rows, (start + first) * heads + head);

    own.block.pack(dOfMixed);
    product.multiply(
        scores.columns(0, seen).transposed(),
        own.block,
        head(dValues, start, seen, kvHead, kvHeads),
        true);

    product.multiply(dOfMixed, own.values, dScores, false);
    for (int row = 0; row < rows; row++) {
      float mean =
          Sums.product(
              mixed,
              ofMixed.from() + row * ofMixed.rowStride(),
              dMixed,
              dOfMixed.from() + row * dOfMixed.rowStride(),
              headSize);
      for (int i = row * stride; i < (row + 1) * stride; i++) {
        own.dScores[i] = own.scores[i] * (own.dScores[i] - mean) * scale;
      }
    }
    product.multiply(
        dScores.columns(0, seen),
        own.keys,
        head(dQueries, start + first, rows, head, heads),
        false);
    own.block.pack(ofQueries);
    product.multiply(
        dScores.columns(0, seen).transposed(),
        own.block,
        head(dKeys, start, seen, kvHead, kvHeads),
        true);
  }

  /// The probabilities again, by the sums that forward has kept.
  private void restore(float[] scores, int stride, int first, int rows, int logSum) {
    for (int row = 0; row < rows; row++) {
      int from = row * stride;
      int seen = first + row + 1;
      float sum = logSums[logSum + row * heads];
      for (int i = 0; i < seen; i++) {
        scores[from + i] = scores[from + i] * scale - sum;
      }
      Arrays.fill(scores, from + seen, from + stride, Float.NEGATIVE_INFINITY);
    }
    team.kernels().exp(scores, rows * stride);
  }
}
