package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;
import java.util.Arrays;

/// Encoder of the formats whose weights are a scale times a code from 0 on, and something added:
/// the block's own offset, or for the parts of a block of 256 `d · s · code − dmin · m` with `s`
/// and `m` of a few bits.
///
/// Scale and offset of a part are the best of a grid that cuts off a little at either end of its
/// range, each moved to where the error is least for the codes it gives. For a block of 256, `s`,
/// `m` and the pair `d`, `dmin` are then improved in turn.
final class OffsetEncoder implements BlockEncoder {
  // What is cut off at either end, in steps of a code.
  private static final float[] CUTS = {-0.1f, 0.2f, 0.6f};
  private static final int ADJUSTMENTS = 3;
  private static final int ROUNDS = 2;
  private static final int[] NEIGHBOURS = {0, -1, 1};
  private static final float[] HEADROOM = {1, 0.95f};

  private final DType type;
  private final int top; // the highest code
  private final int scaleMax; // the highest sub-scale and minimum; 0 where there are none
  private final int parts;
  private final Blocks blocks;

  private final Misfit misfit = new Misfit();
  private final float[] least = new float[Blocks.LANES];
  private final float[] greatest = new float[Blocks.LANES];
  private final float[] inverses = new float[Blocks.LANES];
  private final float[] codes = new float[Blocks.LANES];
  private final float[] rests = new float[Blocks.LANES];
  private final float[] mass = new float[Blocks.LANES]; // Σ w
  // After the search they hold what was chosen.
  private final float[] scaleTrial = new float[Blocks.LANES];
  private final float[] offsetTrial = new float[Blocks.LANES];
  private final float[] fittedScale = new float[Blocks.LANES];
  private final float[] fittedOffset = new float[Blocks.LANES];
  private final float[] fittedError = new float[Blocks.LANES];
  private final int[] scales = new int[Blocks.LANES];
  private final int[] mins = new int[Blocks.LANES];
  private final int[] scalesTried = new int[Blocks.LANES];
  private final int[] minsTried = new int[Blocks.LANES];
  private final int[] nextScales = new int[Blocks.LANES];
  private final int[] nextMins = new int[Blocks.LANES];
  private final int[] chosenScales = new int[Blocks.LANES];
  private final int[] chosenMins = new int[Blocks.LANES];
  private final Misfit best = new Misfit();
  private final float[] d;
  private final float[] dMin;
  private final float[] chosenD;
  private final float[] chosenDMin;
  private final double[] chosenError;
  private final int[][] blockCodes; // [blocks][elements]
  private final int[] blockScales;
  private final int[] blockMins;

  /// @param size elements that share a scale
  /// @param top the highest code
  /// @param scaleMax the highest sub-scale and minimum; 0 where there are none
  OffsetEncoder(DType type, int size, int top, int scaleMax) {
    this.type = type;
    this.top = top;
    this.scaleMax = scaleMax;
    parts = type.blockSize() / size;
    blocks = new Blocks(size);
    d = new float[blocksMax()];
    dMin = new float[blocksMax()];
    chosenD = new float[blocksMax()];
    chosenDMin = new float[blocksMax()];
    chosenError = new double[blocksMax()];
    blockCodes = new int[blocksMax()][type.blockSize()];
    blockScales = new int[parts];
    blockMins = new int[parts];
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
    if (scaleMax == 0) {
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        chosenD[lane] = Halves.round(fittedScale[lane]);
        chosenDMin[lane] = Halves.round(fittedOffset[lane]);
        scaleTrial[lane] = chosenD[lane];
        offsetTrial[lane] = chosenDMin[lane];
      }
    } else {
      chooseSubScales();
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        scaleTrial[lane] = chosenD[lane / parts] * chosenScales[lane];
        offsetTrial[lane] = -(chosenDMin[lane / parts] * chosenMins[lane]);
      }
    }
    Blocks.invert(scaleTrial, inverses);
  }

  /// Finds scale and offset for every part by itself.
  private void fit() {
    Arrays.fill(fittedError, Float.POSITIVE_INFINITY);
    Arrays.fill(mass, 0);
    for (float[] weights : blocks.weights) {
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        mass[lane] += weights[lane];
      }
    }
    blocks.range(least, greatest);
    for (float below : CUTS) {
      for (float above : CUTS) {
        for (int lane = 0; lane < Blocks.LANES; lane++) {
          float low = scaleMax == 0 ? least[lane] : Math.min(least[lane], 0);
          float step = (greatest[lane] - low) / (top + below + above);
          scaleTrial[lane] = step;
          offsetTrial[lane] = low + below * step;
        }
        adopt();
      }
    }
    for (int i = 0; i < ADJUSTMENTS; i++) {
      System.arraycopy(fittedScale, 0, scaleTrial, 0, Blocks.LANES);
      System.arraycopy(fittedOffset, 0, offsetTrial, 0, Blocks.LANES);
      adopt();
    }
  }

  private void adopt() {
    measure();
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      double slope = misfit.slope[lane];
      double tilt = misfit.tilt[lane];
      double curvature = misfit.curvature[lane];
      double cross = misfit.cross[lane];
      double determinant = curvature * mass[lane] - cross * cross;
      double moveScale = 0;
      double moveOffset = 0;
      if (determinant > 1e-6 * curvature * mass[lane]) {
        moveScale = (slope * mass[lane] - tilt * cross) / determinant;
        moveOffset = (tilt * curvature - slope * cross) / determinant;
      }
      if (scaleMax > 0 && offsetTrial[lane] + moveOffset > 0) {
        // Minimums are taken away, never added: the best on the border.
        moveOffset = -offsetTrial[lane];
        moveScale = curvature > 0 ? (slope - cross * moveOffset) / curvature : 0;
      }
      double error =
          misfit.error[lane]
              - 2 * (moveScale * slope + moveOffset * tilt)
              + moveScale * moveScale * curvature
              + 2 * moveScale * moveOffset * cross
              + moveOffset * moveOffset * mass[lane];
      if (error < fittedError[lane]) {
        fittedError[lane] = (float) error;
        fittedScale[lane] = (float) (scaleTrial[lane] + moveScale);
        fittedOffset[lane] = (float) (offsetTrial[lane] + moveOffset);
      }
    }
  }

  private void chooseSubScales() {
    Arrays.fill(chosenError, Double.POSITIVE_INFINITY);
    for (float headroom : HEADROOM) {
      for (int block = 0; block < blocksMax(); block++) {
        float scale = 0;
        float min = 0;
        for (int lane = block * parts; lane < (block + 1) * parts; lane++) {
          scale = Math.max(scale, fittedScale[lane]);
          min = Math.max(min, -fittedOffset[lane]);
        }
        d[block] = Halves.round(scale / (scaleMax * headroom));
        dMin[block] = Halves.round(min / (scaleMax * headroom));
        float inverse = Blocks.inverse(d[block]);
        float inverseMin = Blocks.inverse(dMin[block]);
        for (int lane = block * parts; lane < (block + 1) * parts; lane++) {
          scales[lane] = clamp(Math.round(fittedScale[lane] * inverse));
          mins[lane] = clamp(Math.round(-fittedOffset[lane] * inverseMin));
        }
      }
      for (int round = 0; round < ROUNDS; round++) {
        tryNeighbours();
        settle();
      }
    }
  }

  /// Moves every sub-scale to the best of its neighbours, each with the minimum that suits it.
  private void tryNeighbours() {
    Arrays.fill(best.error, Float.POSITIVE_INFINITY);
    for (int distance : NEIGHBOURS) {
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        scalesTried[lane] = clamp(scales[lane] + distance);
        minsTried[lane] = mins[lane];
      }
      compare();
      for (int lane = 0; lane < Blocks.LANES; lane++) {
        float move = -misfit.tilt[lane] / mass[lane] * Blocks.inverse(dMin[lane / parts]);
        minsTried[lane] = clamp(Math.round(minsTried[lane] + move));
      }
      compare();
    }
    System.arraycopy(nextScales, 0, scales, 0, Blocks.LANES);
    System.arraycopy(nextMins, 0, mins, 0, Blocks.LANES);
  }

  private void compare() {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      scaleTrial[lane] = d[lane / parts] * scalesTried[lane];
      offsetTrial[lane] = -(dMin[lane / parts] * minsTried[lane]);
    }
    measure();
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      if (misfit.error[lane] < best.error[lane]) {
        best.error[lane] = misfit.error[lane];
        best.slope[lane] = misfit.slope[lane];
        best.curvature[lane] = misfit.curvature[lane];
        best.tilt[lane] = misfit.tilt[lane];
        best.cross[lane] = misfit.cross[lane];
        nextScales[lane] = scalesTried[lane];
        nextMins[lane] = minsTried[lane];
      }
    }
  }

  /// Keeps what is best so far, and moves `d` and `dmin` to where these codes want them.
  private void settle() {
    for (int block = 0; block < blocksMax(); block++) {
      double error = 0;
      double slope = 0;
      double tilt = 0;
      double curvature = 0;
      double cross = 0;
      double weight = 0;
      for (int lane = block * parts; lane < (block + 1) * parts; lane++) {
        double s = scales[lane];
        double m = -mins[lane];
        error += best.error[lane];
        slope += s * best.slope[lane];
        tilt += m * best.tilt[lane];
        curvature += s * s * best.curvature[lane];
        cross += s * m * best.cross[lane];
        weight += m * m * mass[lane];
      }
      if (error < chosenError[block]) {
        chosenError[block] = error;
        chosenD[block] = d[block];
        chosenDMin[block] = dMin[block];
        System.arraycopy(scales, block * parts, chosenScales, block * parts, parts);
        System.arraycopy(mins, block * parts, chosenMins, block * parts, parts);
      }
      double determinant = curvature * weight - cross * cross;
      if (determinant > 1e-6 * curvature * weight) {
        d[block] = Halves.round((float) (d[block] + (slope * weight - tilt * cross) / determinant));
        dMin[block] =
            Halves.round((float) (dMin[block] + (tilt * curvature - slope * cross) / determinant));
      } else if (curvature > 0) {
        d[block] = Halves.round((float) (d[block] + slope / curvature));
      }
    }
  }

  private int clamp(int scale) {
    return Math.clamp(scale, 0, scaleMax);
  }

  private void measure() {
    Blocks.invert(scaleTrial, inverses);
    misfit.clear();
    for (int i = 0; i < blocks.size(); i++) {
      round(blocks.x[i], scaleTrial, inverses, offsetTrial, top, codes, rests);
      misfit.add(blocks.weights[i], codes, rests);
      misfit.addOffset(blocks.weights[i], codes, rests);
    }
  }

  private static void round(
      float[] x,
      float[] scales,
      float[] inverses,
      float[] offsets,
      int top,
      float[] codes,
      float[] rests) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float above = x[lane] - offsets[lane];
      float q = Steps.nearest(above * inverses[lane], 0, top);
      codes[lane] = q;
      rests[lane] = above - scales[lane] * q;
    }
  }

  @Override
  public float round(int block, int element, float x) {
    int lane = block * parts + element / blocks.size();
    int code = Steps.nearest((x - offsetTrial[lane]) * inverses[lane], 0, top);
    blockCodes[block][element] = code;
    return scaleTrial[lane] * code + offsetTrial[lane];
  }

  @Override
  public void write(int block, byte[] target, int at) {
    System.arraycopy(chosenScales, block * parts, blockScales, 0, parts);
    System.arraycopy(chosenMins, block * parts, blockMins, 0, parts);
    BlockLayout.write(
        type,
        blockCodes[block],
        blockScales,
        blockMins,
        chosenD[block],
        chosenDMin[block],
        target,
        at);
  }
}
