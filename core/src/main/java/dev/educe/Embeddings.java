package dev.educe;

import java.util.List;

/// The vectors of texts.
///
/// @param vectors F32 `[dimensions]` each, of length 1; in the order of the texts
/// @param promptTokens how many tokens the texts have together
public record Embeddings(List<float[]> vectors, long promptTokens) {
  public Embeddings {
    vectors = List.copyOf(vectors);
  }
}
