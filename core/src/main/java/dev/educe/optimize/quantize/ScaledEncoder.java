package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;
import java.util.Arrays;

/// Encoder of the formats whose weights are `d · s · value(code)`: with a scale for each block of
/// 32 alone, or with sub-scales `s` of a few bits for the parts of a block of 256.
///
/// The scale of a part is the best of a few dozen that map its largest element to somewhere near
/// either end of the codes, each moved to where the error is least for the codes it gives. For a
/// block of 256 `d` and every `s` are then improved in turn: each `s` with its neighbours, for the
/// codes that follow from them, and `d` by least squares over the whole block.
final class ScaledEncoder implements BlockEncoder {
  // Around either end, in steps of a code: the largest element may be cut off, or the last code
  // be left unused.
  private static final float[] AROUND_THE_END = {
    -0.9f, -0.6f, -0.35f, -0.15f, 0, 0.15f, 0.35f, 0.6f, 0.9f
  };
  private static final int ADJUSTMENTS = 3;
  private static final int ROUNDS = 2;
  private static final int[] NEIGHBOURS = {0, -1, 1};

  // Where the largest scale is put, in parts of the greatest sub-scale.
  private static final float[] HEADROOM = {1, 0.95f};

  private final DType type;
  private final Codes codes;
  private final SubScales subScales;
  private final int parts; // of a block
  private final Blocks blocks;

  private final Misfit misfit = new Misfit();
  private final float[] peaks = new float[Blocks.LANES];
  private final float[] trial = new float[Blocks.LANES]; // scales; after the search the final ones
  private final float[] inverses = new float[Blocks.LANES];
  private final float[] fitted = new float[Blocks.LANES]; // scales that no sub-scale binds
  private final float[] fittedError = new float[Blocks.LANES];
  private final int[] scales = new int[Blocks.LANES]; // sub-scales being improved
  private final int[] chosen = new int[Blocks.LANES]; // the best sub-scales so far
  private final float[] bestError = new float[Blocks.LANES];
  private final float[] bestSlope = new float[Blocks.LANES];
  private final float[] bestCurvature = new float[Blocks.LANES];
  private final int[] neighbour = new int[Blocks.LANES];
  private final float[] d; // [blocks], being improved
  private final float[] chosenD; // [blocks]
  private final double[] chosenError; // [blocks]
  private final int[][] blockCodes; // [blocks][elements]
  private final int[] blockScales;

  /// The range of sub-scales.
  record SubScales(int low, int high) {
    /// Stands for formats that have none.
    static final SubScales NONE = new SubScales(1, 1);
  }

  /// @param size elements that share a scale
  ScaledEncoder(DType type, Codes codes, int size, SubScales subScales) {
    this.type = type;
    this.codes = codes;
    this.subScales = subScales;
    parts = type.blockSize() / size;
    blocks = new Blocks(size);
    d = new float[blocksMax()];
    chosenD = new float[blocksMax()];
    chosenError = new double[blocksMax()];
    blockCodes = new int[blocksMax()][type.blockSize()];
    blockScales = new int[parts];
  }

  @Override
  public Blocks blocks() {
    return blocks;
  }

  @Override
  public int parts() {
    return parts;
  }

  @Override
  public void search() {
    fit();
    if (subScales.equals(SubScales.NONE)) {
      for (int block = 0; block < blocksMax(); block++) {
        chosenD[block] = Halves.round(fitted[block]);
        chosen[block] = 1;
      }
    } else {
      chooseSubScales();
    }
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      trial[lane] = chosenD[lane / parts] * chosen[lane];
    }
    Blocks.invert(trial, inverses);
  }

  /// Finds a scale for every part by itself.
  private void fit() {
    Arrays.fill(fitted, 0);
    Arrays.fill(fittedError, Float.POSITIVE_INFINITY);
    blocks.peaks(peaks);
    for (float end : new float[] {codes.least(), codes.greatest()}) {
      float step = codes instanceof Book ? end / 8 : Math.signum(end);
      for (float around : AROUND_THE_END) {
        for (int lane = 0; lane < Blocks.LANES; lane++) {
          trial[lane] = peaks[lane] / (end + around * step);
        }
        adopt();
      }
    }
    for (int i = 0; i < ADJUSTMENTS; i++) {
      System.arraycopy(fitted, 0, trial, 0, Blocks.LANES);
      adopt();
    }
  }

  private void adopt() {
    codes.measure(blocks, trial, misfit);
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float curvature = misfit.curvature[lane];
      float move = curvature > 0 ? misfit.slope[lane] / curvature : 0;
      float error = misfit.error[lane] - move * misfit.slope[lane];
      if (error < fittedError[lane]) {
        fittedError[lane] = error;
        fitted[lane] = trial[lane] + move;
      }
    }
  }

  private void chooseSubScales() {
    Arrays.fill(chosenError, Double.POSITIVE_INFINITY);
    for (float headroom : HEADROOM) {
      for (int block = 0; block < blocksMax(); block++) {
        d[block] = Halves.round(largest(block) / (subScales.low() * headroom));
        float inverse = Blocks.inverse(d[block]);
        for (int lane = block * parts; lane < (block + 1) * parts; lane++) {
          scales[lane] = clamp(Math.round(fitted[lane] * inverse));
        }
      }
      for (int round = 0; round < ROUNDS; round++) {
        tryNeighbours();
        settle();
      }
    }
  }

  /// The fitted scale of the largest magnitude.
  private float largest(int block) {
    float largest = 0;
    for (int lane = block * parts; lane < (block + 1) * parts; lane++) {
      largest = Math.abs(fitted[lane]) > Math.abs(largest) ? fitted[lane] : largest;
    }
    return largest;
  }

  /// Moves every sub-scale to the best of its neighbours.
  private void tryNeighbours() {
    Arrays.fill(bestError, Float.POSITIVE_INFINITY);
    for (int distance : NEIGHBOURS) {
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        trial[lane] = d[lane / parts] * clamp(scales[lane] + distance);
      }
      codes.measure(blocks, trial, misfit);
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        if (misfit.error[lane] < bestError[lane]) {
          bestError[lane] = misfit.error[lane];
          bestSlope[lane] = misfit.slope[lane];
          bestCurvature[lane] = misfit.curvature[lane];
          neighbour[lane] = clamp(scales[lane] + distance);
        }
      }
    }
    System.arraycopy(neighbour, 0, scales, 0, Blocks.LANES);
  }

  /// Keeps what is best so far, and moves every `d` to where these codes and sub-scales want it.
  private void settle() {
    for (int block = 0; block < blocksMax(); block++) {
      double error = 0;
      double slope = 0;
      double curvature = 0;
      for (int lane = block * parts; lane < (block + 1) * parts; lane++) {
        error += bestError[lane];
        slope += (double) scales[lane] * bestSlope[lane];
        curvature += (double) scales[lane] * scales[lane] * bestCurvature[lane];
      }
      if (error < chosenError[block]) {
        chosenError[block] = error;
        chosenD[block] = d[block];
        System.arraycopy(scales, block * parts, chosen, block * parts, parts);
      }
      d[block] = Halves.round(curvature > 0 ? (float) (d[block] + slope / curvature) : d[block]);
    }
  }

  private int clamp(int scale) {
    return Math.clamp(scale, subScales.low(), subScales.high());
  }

  @Override
  public float round(int block, int element, float x) {
    int lane = block * parts + element / blocks.size();
    int code = codes.code(x * inverses[lane]);
    blockCodes[block][element] = code;
    return trial[lane] * codes.value(code);
  }

  @Override
  public void write(int block, byte[] target, int at) {
    System.arraycopy(chosen, block * parts, blockScales, 0, parts);
    BlockLayout.write(
        type, blockCodes[block], blockScales, blockScales, chosenD[block], 0, target, at);
  }
}
