package dev.educe.optimize;

import dev.educe.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.OptionalInt;

/// A sample as tokens, cut into chunks of the same length; a rest is left out.
///
/// The method is llama.cpp's, so that results can be compared: the text is tokenized once, and
/// where the model wants a BOS, it replaces each chunk's first token.
///
/// Source: llama.cpp `tools/perplexity/perplexity.cpp` and `tools/imatrix/imatrix.cpp`.
public final class Chunks {
  private final int[] tokens;
  private final int chunkTokens;
  private final int first;
  private final int count;
  private final OptionalInt bos; // where one is wanted

  private Chunks(int[] tokens, int chunkTokens, int first, int count, OptionalInt bos) {
    this.tokens = tokens;
    this.chunkTokens = chunkTokens;
    this.first = first;
    this.count = count;
    this.bos = bos;
  }

  /// @param chunksMin how many chunks the text must have
  /// @throws IllegalArgumentException if it is shorter
  public static Chunks of(Tokenizer tokenizer, Sample sample, int chunkTokens, int chunksMin) {
    int[] tokens = tokenizer.encode(sample.text(), false);
    int whole = tokens.length / chunkTokens;
    if (whole - sample.firstChunk() < chunksMin) {
      throw new IllegalArgumentException(
          "%s has %,d tokens; %,d are needed: take a longer text or a smaller context"
              .formatted(
                  sample.name(),
                  tokens.length,
                  (long) (sample.firstChunk() + chunksMin) * chunkTokens));
    }
    // The way to ask a tokenizer whether a text begins with BOS is to begin one.
    int[] empty = tokenizer.encode("", false);
    var bos = tokenizer.bos();
    boolean isBosWanted = bos.isPresent() && empty.length > 0 && empty[0] == bos.getAsInt();
    return new Chunks(
        tokens,
        chunkTokens,
        sample.firstChunk(),
        Math.min(sample.chunksMax(), whole - sample.firstChunk()),
        isBosWanted ? bos : OptionalInt.empty());
  }

  /// How many there are.
  public int count() {
    return count;
  }

  /// Tokens of each.
  public int chunkTokens() {
    return chunkTokens;
  }

  /// A chunk's tokens as they came.
  public int[] tokens(int chunk) {
    int from = (first + chunk) * chunkTokens;
    return Arrays.copyOfRange(tokens, from, from + chunkTokens);
  }

  /// A chunk's tokens as a model reads them.
  public int[] input(int chunk) {
    int[] input = tokens(chunk);
    if (bos.isPresent()) {
      input[0] = bos.getAsInt();
    }
    return input;
  }
}
