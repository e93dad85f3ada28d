package dev.educe.backend;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Sees what weight matrices are multiplied with, by the names of their tensors.
///
/// It is called on the thread that steps, before each product and between jobs of the workers, so
/// it may give them jobs of its own. What it sees is as exact as floats are: quantizing comes
/// later. Embeddings are looked up, not multiplied, and so are not seen.
@FunctionalInterface
public interface ProductObserver {
  /// Sees nothing; the cost of having no other.
  ProductObserver NONE = (_, _, _, _) -> {};

  /// Where in the model a product is; the same object at every call.
  ///
  /// @param weights the names of all matrices that the same inputs go into: `blk.0.attn_q.weight`,
  ///   `blk.0.attn_k.weight` and `blk.0.attn_v.weight`
  /// @param expert which expert's part of them it is; 0 where they have none
  /// @param experts how many parts they have; 1 where there are no experts
  /// @param columns inputs of the matrices
  record Site(List<String> weights, int expert, int experts, int columns) {
    public Site {
      weights = List.copyOf(weights);
    }
  }

  /// Sees the inputs of a product.
  ///
  /// @param x F32 `[rows, site.columns()]`, row `r` begins at float `r · stride`; borrowed for the
  ///   call
  void observe(Site site, MemorySegment x, long stride, int rows);
}
