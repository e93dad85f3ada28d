package dev.educe.model.arch;

import dev.educe.format.ModelFormatException;
import dev.educe.model.Architecture;
import dev.educe.model.Attention;
import dev.educe.model.Branch;
import dev.educe.model.Decoder;
import dev.educe.model.GatedMlp;
import dev.educe.model.Hyperparameters;
import dev.educe.model.Norm;
import dev.educe.model.Residual;
import dev.educe.model.Rope;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A family with what no listed one has: two branches in a step, norms after, and a scale.
public final class ParallelArchitecture implements Architecture {
  @Override
  public Set<String> names() {
    return Set.of("parallel");
  }

  @Override
  public Decoder describe(Hyperparameters h) throws ModelFormatException {
    var rope = Rope.halves(h);
    return Decoder.of(
        h,
        layer -> {
          var before = Optional.of(Norm.rms(h, layer, "attn_norm"));
          var after = Optional.of(Norm.rms(h, layer, "post_attention_norm"));
          var attention = Attention.grouped(h, layer).withRope(rope);
          return List.of(
              new Residual(
                  0.75f,
                  List.of(
                      new Branch(before, attention, after),
                      new Branch(Optional.empty(), GatedMlp.silu(h, layer), Optional.empty()))));
        });
  }
}
