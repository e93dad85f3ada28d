package dev.educe.optimize.prune;

import dev.educe.optimize.evaluate.Evaluation;
import java.util.List;

/// What was taken out of a model, and what that cost.
///
/// @param before of the model as it was
/// @param after of the file that was written
/// @param droppedLayers by their numbers in the model as it was
/// @param unitsBefore feed-forward units of a layer; 0 where no network was narrowed
/// @param wasQuantized whether weights were turned back into F16 on the way
public record Pruned(
    Evaluation before,
    Evaluation after,
    List<Integer> droppedLayers,
    int unitsBefore,
    int unitsAfter,
    int tokensBefore,
    int tokensAfter,
    boolean wasQuantized) {
  public Pruned {
    droppedLayers = List.copyOf(droppedLayers);
  }
}
