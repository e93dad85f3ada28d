package dev.educe.optimize.train;

import java.util.Arrays;
import java.util.List;

/// Pieces of text that are trained on at once, one behind the other; no token sees another piece's.
final class Batch {
  private final List<Piece> pieces;
  private final int[] tokens; // [rows]
  private final int[] labels; // [rows]
  private final int[] positions; // [rows]: within the piece
  private final int[] starts; // [pieces + 1]: the row a piece begins at

  /// @param pieces at least one
  Batch(List<Piece> pieces) {
    this.pieces = List.copyOf(pieces);
    int rows = pieces.stream().mapToInt(Piece::rows).sum();
    tokens = new int[rows];
    labels = new int[rows];
    positions = new int[rows];
    starts = new int[pieces.size() + 1];
    int row = 0;
    for (int i = 0; i < pieces.size(); i++) {
      starts[i] = row;
      int[] ids = pieces.get(i).tokens();
      for (int position = 0; position < ids.length - 1; position++, row++) {
        tokens[row] = ids[position];
        labels[row] = ids[position + 1];
        positions[row] = position;
      }
    }
    starts[pieces.size()] = row;
  }

  /// One piece of which every token is read, and nothing is to be learned.
  static Batch of(int[] tokens) {
    return new Batch(List.of(new Piece(Arrays.copyOf(tokens, tokens.length + 1))));
  }

  /// Tokens of a text, the first one a start: each but the last is trained to be followed by the
  /// next.
  record Piece(int[] tokens) {
    int rows() {
      return tokens.length - 1;
    }
  }

  List<Piece> pieces() {
    return pieces;
  }

  int rows() {
    return tokens.length;
  }

  int[] tokens() {
    return tokens;
  }

  int[] labels() {
    return labels;
  }

  int[] positions() {
    return positions;
  }

  int start(int piece) {
    return starts[piece];
  }

  int length(int piece) {
    return starts[piece + 1] - starts[piece];
  }
}
