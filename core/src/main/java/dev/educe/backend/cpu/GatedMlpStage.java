package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;
import java.util.stream.IntStream;

/// A feed-forward network that every token goes through.
final class GatedMlpStage implements Stage {
  private final GatedNetwork network;
  private final int[] tokens; // [tokensMax]: each row is its own token

  GatedMlpStage(GatedNetwork network, int tokensMax) {
    this.network = network;
    this.tokens = IntStream.range(0, tokensMax).toArray();
  }

  @Override
  public boolean quantized() {
    return network.quantized();
  }

  @Override
  public void run(Batch batch, Activations x) {
    network.run(batch, x, tokens, batch.tokens());
  }
}
