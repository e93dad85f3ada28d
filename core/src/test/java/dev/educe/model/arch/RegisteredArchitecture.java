package dev.educe.model.arch;

import dev.educe.format.ModelFormatException;
import dev.educe.model.Architecture;
import dev.educe.model.Decoder;
import dev.educe.model.GatedMlp;
import dev.educe.model.Hyperparameters;
import dev.educe.model.Norm;
import dev.educe.model.Residual;
import java.util.List;
import java.util.Set;

/// A family that somebody else registered: tokens that never look at each other.
public final class RegisteredArchitecture implements Architecture {
  @Override
  public Set<String> names() {
    return Set.of("registered");
  }

  @Override
  public Decoder describe(Hyperparameters h) throws ModelFormatException {
    return Decoder.of(
        h, layer -> List.of(Residual.of(Norm.rms(h, layer, "ffn_norm"), GatedMlp.silu(h, layer))));
  }
}
