package dev.educe.backend;

import dev.educe.cache.PageTable;
import java.util.Optional;

/// The tokens of one step: slices of sequences, one behind the other.
///
/// A *slice* is consecutive tokens of one sequence: a chunk of a prompt, or one token being
/// decoded. Reused from step to step; filling it allocates nothing. Not thread-safe.
public final class Batch {
  private final int[] ids; // [tokensMax]
  private final int[] positions; // [tokensMax]
  private final int[] sliceOfToken; // [tokensMax]
  private final int[] logitsTokens; // [logitsMax]: which tokens want logits
  private final PageTable[] pages; // [tokensMax], by slice
  private final int[] sliceStart; // [tokensMax + 1]: the first token of each slice
  private final String[] failures; // [tokensMax], by slice
  private int tokens;
  private int slices;
  private int logits;

  /// @param tokensMax tokens there is room for
  /// @param logitsMax rows of logits there is room for
  public Batch(int tokensMax, int logitsMax) {
    ids = new int[tokensMax];
    positions = new int[tokensMax];
    sliceOfToken = new int[tokensMax];
    logitsTokens = new int[logitsMax];
    pages = new PageTable[tokensMax];
    sliceStart = new int[tokensMax + 1];
    failures = new String[tokensMax];
  }

  /// Empties the batch.
  public void clear() {
    for (int slice = 0; slice < slices; slice++) {
      pages[slice] = null;
      failures[slice] = null;
    }
    tokens = 0;
    slices = 0;
    logits = 0;
  }

  /// Adds consecutive tokens of a sequence.
  ///
  /// @param table its pages, which have room for them
  /// @param position of the first token
  /// @param source holds the tokens from index `from` on
  /// @param count how many
  /// @param logitsOf for how many of the last of them logits are wanted
  /// @throws IllegalArgumentException if there is no room in the batch or in the pages
  public void add(PageTable table, int position, int[] source, int from, int count, int logitsOf) {
    if (count < 1 || count > room() || logitsOf > Math.min(count, logitsTokens.length - logits)) {
      throw new IllegalArgumentException(
          "a batch with room for %d tokens and %d logits got %d and %d"
              .formatted(room(), logitsTokens.length - logits, count, logitsOf));
    }
    if (position + count > table.capacity()) {
      throw new IllegalArgumentException(
          "the pages hold %d tokens, the slice ends at %d"
              .formatted(table.capacity(), position + count));
    }
    for (int i = 0; i < count; i++) {
      if (i >= count - logitsOf) {
        logitsTokens[logits++] = tokens;
      }
      ids[tokens] = source[from + i];
      positions[tokens] = position + i;
      sliceOfToken[tokens] = slices;
      tokens++;
    }
    pages[slices] = table;
    slices++;
    sliceStart[slices] = tokens;
  }

  /// Tokens in the batch.
  public int tokens() {
    return tokens;
  }

  /// Tokens there is still room for.
  public int room() {
    return ids.length - tokens;
  }

  /// Slices in the batch.
  public int slices() {
    return slices;
  }

  /// Rows of logits wanted, in the order of the tokens.
  public int logits() {
    return logits;
  }

  /// The token whose logits are row `row`.
  public int logitsToken(int row) {
    return logitsTokens[row];
  }

  /// The id of a token.
  public int id(int token) {
    return ids[token];
  }

  /// The position of a token in its sequence.
  public int position(int token) {
    return positions[token];
  }

  /// The slice of a token.
  public int slice(int token) {
    return sliceOfToken[token];
  }

  /// The first token of a slice; the slice ends where the next one begins.
  public int sliceStart(int slice) {
    return sliceStart[slice];
  }

  /// The pages of a slice's sequence.
  public PageTable pages(int slice) {
    return pages[slice];
  }

  /// Marks the slice of a token as failed; the first reason stays.
  public void fail(int token, String reason) {
    int slice = sliceOfToken[token];
    if (failures[slice] == null) {
      failures[slice] = reason;
    }
  }

  /// Why the numbers of a slice are of no use, if they are not.
  public Optional<String> failure(int slice) {
    return Optional.ofNullable(failures[slice]);
  }
}
