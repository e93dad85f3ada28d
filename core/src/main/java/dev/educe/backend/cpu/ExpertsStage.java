package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;
import dev.educe.kernels.Panels;
import dev.educe.model.Experts;
import dev.educe.platform.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// A mixture of experts: the router sends each token to a few networks and weighs what they give.
///
/// Tokens are gathered by expert, so that each expert's weights are read once for all of them.
/// Experts run in ascending order, which is also the order in which their outputs are added.
final class ExpertsStage implements Stage {
  /// Memory of one layer's experts; shared by all layers.
  ///
  /// @param logits F32 `[tokens, logitsStride]`: the router's
  /// @param gathered the rows of one expert
  /// @param output F32 `[tokens, outputStride]`: what one expert gave
  record Scratch(
      MemorySegment logits, long logitsStride, Activations gathered, MemorySegment output) {}

  private final Crew crew;
  private final Experts experts;
  private final Products router;
  private final GatedNetwork[] networks; // [experts]
  private final Scratch scratch;
  private final MemorySegment y;
  private final long stride;
  private final boolean quantized;
  private final int[] chosen; // [tokens, used]: expert ids, by rank
  private final float[] shares; // [tokens, used], by rank
  private final int[] chosenRows; // [tokens]: the rows of the expert under way
  private final int[] chosenTokens; // [tokens]: which tokens they are
  private final float[] chosenShares; // [tokens]
  private final Workers.Task choose = this::choose;
  private final Workers.Task gather = this::gather;
  private final Workers.Task scatter = this::scatter;
  private Activations x;

  /// @param y where the output goes: F32 `[tokens, stride]`
  ExpertsStage(
      Crew crew,
      Experts experts,
      Panels router,
      GatedNetwork[] networks,
      Scratch scratch,
      MemorySegment y,
      long stride) {
    this.crew = crew;
    this.experts = experts;
    this.router =
        new Products(
            crew,
            List.of(
                new Products.Product(
                    experts.router().name(), router, scratch.logits, scratch.logitsStride)));
    this.networks = networks.clone();
    this.scratch = scratch;
    this.y = y;
    this.stride = stride;
    this.quantized = Arrays.stream(networks).anyMatch(GatedNetwork::quantized);
    int tokensMax = scratch.gathered.rowsMax();
    this.chosen = new int[tokensMax * experts.used()];
    this.shares = new float[tokensMax * experts.used()];
    this.chosenRows = new int[tokensMax];
    this.chosenTokens = new int[tokensMax];
    this.chosenShares = new float[tokensMax];
  }

  @Override
  public boolean quantized() {
    return quantized;
  }

  @Override
  public void run(Batch batch, int[] tokens, int rows, Activations x) {
    this.x = x;
    router.run(x, rows);
    crew.workers().run(rows, choose);
    for (int expert = 0; expert < networks.length; expert++) {
      int count = rowsOf(expert, tokens, rows);
      if (count > 0) {
        crew.workers().run(count, gather);
        networks[expert].run(batch, chosenTokens, count, scratch.gathered);
        crew.workers().run(count, scatter);
      }
    }
  }

  /// Ranks the experts of one token by their logits and clears the token's output.
  private void choose(int token, int worker) {
    MemorySegment logits = scratch.logits;
    long from = token * scratch.logitsStride;
    int used = experts.used();
    for (int rank = 0; rank < used; rank++) {
      chosen[token * used + rank] = bestBut(token, rank, from);
    }
    crew.kernels().rows().softmax(logits, from, logits, from, experts.count());
    float sum = 0;
    for (int i = token * used; i < (token + 1) * used; i++) {
      shares[i] = logits.getAtIndex(ValueLayout.JAVA_FLOAT, from + chosen[i]);
      sum += shares[i];
    }
    for (int i = token * used; i < (token + 1) * used; i++) {
      shares[i] = (experts.renormalized() ? shares[i] / sum : shares[i]) * experts.weightsScale();
    }
    y.asSlice(token * stride * Float.BYTES, stride * Float.BYTES).fill((byte) 0);
  }

  /// The expert with the largest logit that no better rank has, the lowest of equals.
  private int bestBut(int token, int ranks, long from) {
    int best = -1;
    float bestLogit = Float.NEGATIVE_INFINITY;
    for (int expert = 0; expert < experts.count(); expert++) {
      float logit = scratch.logits.getAtIndex(ValueLayout.JAVA_FLOAT, from + expert);
      // A logit that is not a number loses to any; the token then fails through its share.
      if ((best < 0 || logit > bestLogit) && !taken(token, ranks, expert)) {
        best = expert;
        bestLogit = Float.isNaN(logit) ? Float.NEGATIVE_INFINITY : logit;
      }
    }
    return best;
  }

  private boolean taken(int token, int ranks, int expert) {
    for (int rank = 0; rank < ranks; rank++) {
      if (chosen[token * experts.used() + rank] == expert) {
        return true;
      }
    }
    return false;
  }

  private int rowsOf(int expert, int[] tokens, int rows) {
    int used = experts.used();
    int count = 0;
    for (int i = 0; i < rows * used; i++) {
      if (chosen[i] == expert) {
        chosenRows[count] = i / used;
        chosenTokens[count] = tokens[i / used];
        chosenShares[count] = shares[i];
        count++;
      }
    }
    return count;
  }

  private void gather(int row, int worker) {
    scratch.gathered.copyRow(row, x, chosenRows[row]);
  }

  private void scatter(int row, int worker) {
    crew.kernels()
        .rows()
        .addScaled(
            chosenShares[row],
            scratch.output,
            row * stride,
            y,
            chosenRows[row] * stride,
            networks[0].outputSize());
  }
}
