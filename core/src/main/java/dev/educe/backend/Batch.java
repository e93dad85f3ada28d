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
  private final int[] outputTokens; // [tokensMax]: which tokens want logits or their state
  private final int[] outputRows; // [tokensMax], by output: its row of logits; -1 for a state
  private final PageTable[] pages; // [tokensMax], by slice
  private final int[] sliceStart; // [tokensMax + 1]: the first token of each slice
  private final String[] failures; // [tokensMax], by slice
  private int tokens;
  private int slices;
  private int logits;
  private int outputs;

  /// @param tokensMax tokens there is room for
  /// @param logitsMax rows of logits there is room for
  public Batch(int tokensMax, int logitsMax) {
    ids = new int[tokensMax];
    positions = new int[tokensMax];
    sliceOfToken = new int[tokensMax];
    logitsTokens = new int[logitsMax];
    outputTokens = new int[tokensMax];
    outputRows = new int[tokensMax];
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
    outputs = 0;
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
    if (logitsOf > Math.min(count, logitsTokens.length - logits)) {
      throw new IllegalArgumentException(
          "a batch with room for %d logits got %d of %d tokens"
              .formatted(logitsTokens.length - logits, logitsOf, count));
    }
    int first = tokens + count - logitsOf;
    addTokens(table, position, source, from, count);
    for (int token = first; token < tokens; token++) {
      logitsTokens[logits] = token;
      addOutput(token, logits++);
    }
  }

  /// Adds consecutive tokens of a sequence whose states are wanted.
  ///
  /// @param table its pages, which have room for them
  /// @param position of the first token
  /// @param source holds the tokens from index `from` on
  /// @param count how many
  /// @param statesOf for how many of the last of them the state is wanted
  /// @throws IllegalArgumentException if there is no room in the batch or in the pages
  public void addStates(
      PageTable table, int position, int[] source, int from, int count, int statesOf) {
    int first = tokens + count - statesOf;
    addTokens(table, position, source, from, count);
    for (int token = first; token < tokens; token++) {
      addOutput(token, -1);
    }
  }

  private void addOutput(int token, int row) {
    outputTokens[outputs] = token;
    outputRows[outputs++] = row;
  }

  private void addTokens(PageTable table, int position, int[] source, int from, int count) {
    if (count < 1 || count > room()) {
      throw new IllegalArgumentException(
          "a batch with room for %d tokens got %d".formatted(room(), count));
    }
    if (position + count > table.capacity()) {
      throw new IllegalArgumentException(
          "the pages hold %d tokens, the slice ends at %d"
              .formatted(table.capacity(), position + count));
    }
    for (int i = 0; i < count; i++) {
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

  /// Tokens whose logits or states are wanted.
  public int outputs() {
    return outputs;
  }

  /// The token of an output; they ascend.
  public int outputToken(int output) {
    return outputTokens[output];
  }

  /// The row of logits of an output; -1 if its state is wanted.
  public int outputRow(int output) {
    return outputRows[output];
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
