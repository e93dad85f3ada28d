package dev.educe.optimize.train;

import dev.educe.optimize.train.Batch.Piece;
import dev.educe.sampling.Philox;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Texts cut into pieces, and the order in which they are trained on.
///
/// A piece begins with BOS where the vocabulary has one; the last one of a text ends with EOS.
/// Pieces come in an order drawn anew for each pass, by the seed. Immutable.
final class Corpus {
  private final List<Piece> pieces;

  private Corpus(List<Piece> pieces) {
    this.pieces = List.copyOf(pieces);
  }

  /// @param contextLength tokens of a piece's input at most
  static Corpus of(List<String> texts, Tokenizer tokenizer, int contextLength) {
    var pieces = new ArrayList<Piece>();
    for (String text : texts) {
      int[] tokens = tokenizer.encodePlain(text, false);
      if (tokenizer.eos().isPresent()) {
        tokens = Arrays.copyOf(tokens, tokens.length + 1);
        tokens[tokens.length - 1] = tokenizer.eos().getAsInt();
      }
      int[] bos = tokenizer.bos().stream().toArray();
      int step = contextLength + 1 - bos.length;
      // A label's token is the next piece's first: none of a text is lost at a cut.
      for (int from = 0; from < tokens.length; from += step) {
        int[] part = Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + step));
        int[] whole = Arrays.copyOf(bos, bos.length + part.length);
        System.arraycopy(part, 0, whole, bos.length, part.length);
        if (whole.length > 1) {
          pieces.add(new Piece(whole));
        }
      }
    }
    return new Corpus(pieces);
  }

  List<Piece> pieces() {
    return pieces;
  }

  /// Tokens that have a successor, over all pieces.
  long rows() {
    return pieces.stream().mapToLong(Piece::rows).sum();
  }

  /// Batches without end: each as many pieces as fit into the rows, and at least one.
  final class Order {
    private final long seed;
    private final int rowsMax;
    private int pass;
    private int next;
    private int[] order;

    Order(long seed, int rowsMax) {
      this.seed = seed;
      this.rowsMax = rowsMax;
      this.order = shuffled(seed, 0, pieces.size());
    }

    Batch next() {
      var batch = new ArrayList<Piece>();
      int rows = 0;
      while (true) {
        if (next == order.length) {
          order = shuffled(seed, ++pass, order.length);
          next = 0;
        }
        var piece = pieces.get(order[next]);
        if (!batch.isEmpty() && rows + piece.rows() > rowsMax) {
          return new Batch(batch);
        }
        batch.add(piece);
        rows += piece.rows();
        next++;
        if (next == order.length && pieces.size() == batch.size()) {
          return new Batch(batch); // all there is; no piece stands in a batch twice
        }
      }
    }
  }

  /// A permutation: Fisher and Yates's, with draws that are functions of seed and pass.
  private static int[] shuffled(long seed, int pass, int count) {
    int[] order = IntStream.range(0, count).toArray();
    var words = new int[4];
    for (int i = count - 1; i > 0; i--) {
      Philox.block(seed, i, pass, words);
      int j = (int) (Integer.toUnsignedLong(words[0]) * (i + 1) >>> 32);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }
}
