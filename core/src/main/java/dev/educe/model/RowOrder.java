package dev.educe.model;

/// Where the rows of a loaded weight stand in the file.
///
/// Backends rotate the first half of a head against its second half. GGUF files of some families
/// keep the two rows of a pair next to each other instead, so whoever loads such a weight fetches
/// row [#rowInFile] for each row. For a vector (a bias, a norm over a head) a row is an element.
///
/// @param headSize rows of a head
/// @param rotated how many rows of each head, from its first on, stand in adjacent pairs; 0 for a
///   weight that is loaded as it is stored
public record RowOrder(int headSize, int rotated) {
  /// Each row where it is expected.
  public static final RowOrder AS_STORED = new RowOrder(1, 0);

  /// @throws IllegalArgumentException if `rotated` is odd or larger than a head
  public RowOrder {
    if (headSize < 1 || rotated < 0 || rotated > headSize || rotated % 2 != 0) {
      throw new IllegalArgumentException(
          "rotated must be even and at most headSize, got %d of %d".formatted(rotated, headSize));
    }
  }

  /// The file's row for a row as it is wanted.
  public int rowInFile(int row) {
    int channel = row % headSize;
    if (channel >= rotated) {
      return row;
    }
    int half = rotated / 2;
    int stored = channel < half ? 2 * channel : 2 * (channel - half) + 1;
    return row - channel + stored;
  }

  /// The row as it is wanted that stands in the file's row: undoes [#rowInFile].
  public long wantedRow(long rowInFile) {
    long channel = rowInFile % headSize;
    if (channel >= rotated) {
      return rowInFile;
    }
    return rowInFile - channel + channel / 2 + channel % 2 * (rotated / 2);
  }

  /// Whether every row stands where it is wanted.
  public boolean isAsStored() {
    // One pair alone is adjacent and halves at once.
    return rotated <= 2;
  }
}
