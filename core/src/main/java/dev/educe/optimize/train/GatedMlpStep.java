package dev.educe.optimize.train;

import dev.educe.model.GatedMlp;

/// A gated network with SiLU: `down · (silu(gate · x) ⊙ (up · x))`, `silu(z) = z · σ(z)`.
final class GatedMlpStep implements Step {
  private final Team team;
  private final Linear gate;
  private final Linear up;
  private final Linear down;
  private final int size;
  private final float[] gates; // [rows, size], as all below
  private final float[] ups;
  private final float[] sigmoids;
  private final float[] inner;
  private final float[] dInner;
  private final float[] dGates;
  private final float[][] scratch; // [threads][a chunk]

  GatedMlpStep(Team team, Parameters parameters, GatedMlp mlp, int rowsMax) {
    this.team = team;
    this.gate = new Linear(team, parameters, parameters.get(mlp.gate().weight()));
    this.up = new Linear(team, parameters, parameters.get(mlp.up().weight()));
    this.down = new Linear(team, parameters, parameters.get(mlp.down().weight()));
    this.size = mlp.intermediateSize();
    int elements = Math.multiplyExact(rowsMax, size);
    this.gates = new float[elements];
    this.ups = new float[elements];
    this.sigmoids = new float[elements];
    this.inner = new float[elements];
    this.dInner = new float[elements];
    this.dGates = new float[elements];
    this.scratch = new float[team.threads()][Team.CHUNK_ROWS * size + 16];
  }

  @Override
  public void forward(float[] x, float[] y, Batch batch) {
    int rows = batch.rows();
    gate.forward(x, gates, rows);
    up.forward(x, ups, rows);
    team.rows(rows, (first, last, worker) -> activate(first * size, last * size, scratch[worker]));
    down.forward(inner, y, rows);
  }

  private void activate(int from, int to, float[] exponentials) {
    for (int i = from; i < to; i++) {
      exponentials[i - from] = -gates[i];
    }
    team.kernels().exp(exponentials, to - from);
    for (int i = from; i < to; i++) {
      float sigmoid = 1 / (1 + exponentials[i - from]);
      sigmoids[i] = sigmoid;
      inner[i] = gates[i] * sigmoid * ups[i];
    }
  }

  @Override
  public void backward(float[] x, float[] dy, float[] dx, Batch batch) {
    int rows = batch.rows();
    down.backward(inner, dy, dInner, rows, false);
    team.rows(rows, (first, last, _) -> differentiate(first * size, last * size));
    gate.backward(x, dGates, dx, rows, false);
    up.backward(x, dInner, dx, rows, true);
  }

  /// `dInner` becomes the gradient of `ups`.
  private void differentiate(int from, int to) {
    for (int i = from; i < to; i++) {
      float sigmoid = sigmoids[i];
      float slope = sigmoid * (1 + gates[i] * (1 - sigmoid));
      dGates[i] = dInner[i] * ups[i] * slope;
      dInner[i] *= gates[i] * sigmoid;
    }
  }
}
