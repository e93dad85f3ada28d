package dev.educe.tokenizer;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import java.util.List;

/// Reads `tokenizer.ggml.merges`: pairs of texts, the first of the list merged first.
final class MergeList {
  private static final String MERGES = "tokenizer.ggml.merges";

  private MergeList() {}

  /// @param symbols learns the texts that the vocabulary lacks
  /// @throws ModelFormatException if there is no list, or a line is not two texts
  static Merges read(Metadata metadata, Symbols symbols) throws ModelFormatException {
    List<String> lines =
        metadata
            .findStrings(MERGES)
            .orElseThrow(() ->
                new ModelFormatException(
                    "%s: the metadata key '%s' is missing, which this kind of vocabulary needs"
                        .formatted(metadata.source(), MERGES)));
    var merges = new Merges.Builder();
    for (int rank = 0; rank < lines.size(); rank++) {
      String line = lines.get(rank);
      int space = line.indexOf(' ', 1); // the first text may be a space
      if (space < 0 || space == line.length() - 1) {
        throw metadata.invalid(
            MERGES,
            "a list of pairs with a space between",
            "'%s' as %,d".formatted(ModelFormatException.excerpt(line), rank));
      }
      String left = line.substring(0, space);
      String right = line.substring(space + 1);
      merges.add(symbols.of(left), symbols.of(right), rank, symbols.of(left + right));
    }
    return merges.build(symbols.count());
  }
}
