package dev.educe.optimize.prune;

import dev.educe.format.Gguf;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.optimize.quantize.RowReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Optional;
import java.util.stream.IntStream;

/// Ranks the units of feed-forward networks by what they add to the hidden state.
///
/// A unit's worth is the mean square of its activation, as measured on a text, times the square of
/// its column's length in the matrix that leads back to the hidden state. Where the network is
/// small enough, what others can do of its work is taken into account, and done: see [Elimination].
final class UnitRanking {
  // Rows that held several whole blocks of these many elements go on doing so.
  private static final int[] BLOCKS = {256, 32};

  private final Gguf file;
  private final UnitMoments moments;

  UnitRanking(Gguf file, UnitMoments moments) {
    this.file = file;
    this.moments = moments;
  }

  /// The matrix that leads back to the hidden state, where a layer has one.
  static Optional<TensorEntry> down(Gguf file, int layer) {
    String name = "blk." + layer + ".ffn_down";
    return file.tensor(name + ".weight").or(() -> file.tensor(name + "_exps.weight"));
  }

  /// Units of each network of the first layer that is kept.
  ///
  /// @throws UnsupportedModelException if a layer has no network, or another number of units
  static int width(Gguf file, Cut cut) {
    var widths =
        cut.layers().stream()
            .map(layer -> down(file, layer).map(entry -> entry.shape().columns()).orElse(0L))
            .distinct()
            .toList();
    if (widths.size() != 1 || widths.getFirst() == 0) {
      throw new UnsupportedModelException(
          "%s: the feed-forward networks of its layers have %s units; only networks of the same"
                  .formatted(file.path(), widths)
              + " width, in tensors of whole layers, are narrowed");
    }
    return Math.toIntExact(widths.getFirst());
  }

  /// The multiples that a narrowed width must be of.
  static int step(int width) {
    return Arrays.stream(BLOCKS)
        .filter(block -> width > block && width % block == 0)
        .findFirst()
        .orElse(1);
  }

  /// Keeps in each layer the `width` units that are worth most.
  Cut narrow(Cut cut, int width) throws IOException {
    var units = new HashMap<Integer, int[][]>();
    var refitted = new HashMap<Integer, float[]>();
    for (int layer : cut.layers()) {
      TensorEntry down = down(file, layer).orElseThrow();
      if (moments.isPaired(down.name())) {
        var elimination = elimination(down);
        units.put(layer, new int[][] {elimination.keep(width)});
        refitted.put(layer, elimination.weights());
      } else {
        units.put(layer, best(down, width));
      }
    }
    return cut.withUnits(units, width(file, cut), refitted);
  }

  private Elimination elimination(TensorEntry down) throws IOException {
    int columns = Math.toIntExact(down.shape().columns());
    int rows = Math.toIntExact(down.shape().rows());
    var weights = new float[rows * columns];
    new RowReader(file, down).read(0, rows, weights);
    return new Elimination(weights, moments.products(down.name(), columns), columns);
  }

  private int[][] best(TensorEntry down, int width) throws IOException {
    var dimensions = down.shape().dimensions();
    int columns = Math.toIntExact(down.shape().columns());
    int rows = Math.toIntExact(dimensions.get(dimensions.size() - 2));
    int experts = Math.toIntExact(down.shape().rows() / rows);
    var kept = new int[experts][];
    var row = new float[columns];
    for (int expert = 0; expert < experts; expert++) {
      var worth = new double[columns];
      for (int i = 0; i < rows; i++) {
        new RowReader(file, down).read((long) expert * rows + i, 1, row);
        for (int unit = 0; unit < columns; unit++) {
          worth[unit] += (double) row[unit] * row[unit];
        }
      }
      double[] squares = moments.squares(down.name(), expert, columns);
      for (int unit = 0; unit < columns; unit++) {
        worth[unit] *= squares[unit];
      }
      kept[expert] =
          IntStream.range(0, columns)
              .boxed()
              .sorted((a, b) -> Double.compare(worth[b], worth[a]))
              .limit(width)
              .mapToInt(unit -> unit)
              .sorted()
              .toArray();
    }
    return kept;
  }
}
