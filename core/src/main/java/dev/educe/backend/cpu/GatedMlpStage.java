package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;

/// A feed-forward network that every token goes through.
record GatedMlpStage(GatedNetwork network) implements Stage {
  @Override
  public boolean quantized() {
    return network.quantized();
  }

  @Override
  public void run(Batch batch, int[] tokens, int rows, Activations x) {
    network.run(batch, tokens, rows, x);
  }
}
