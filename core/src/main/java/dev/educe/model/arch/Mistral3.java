package dev.educe.model.arch;

import dev.educe.format.ModelFormatException;
import dev.educe.model.Architecture;
import dev.educe.model.Attention;
import dev.educe.model.AttentionTemperature;
import dev.educe.model.Decoder;
import dev.educe.model.Hyperparameters;
import dev.educe.model.Norm;
import dev.educe.model.Residual;
import dev.educe.model.Rope;
import java.util.List;
import java.util.Set;

/// Mistral 3 and Ministral 3: Llama's layer, with queries that grow beyond the context that the
/// model was first trained with.
///
/// Source: Hugging Face `modeling_ministral3.py`; llama.cpp `models/mistral3.cpp`.
public final class Mistral3 implements Architecture {
  @Override
  public Set<String> names() {
    return Set.of("mistral3");
  }

  @Override
  public Decoder describe(Hyperparameters h) throws ModelFormatException {
    var rope = Rope.adjacent(h).withFactors("rope_freqs.weight");
    var temperature =
        new AttentionTemperature(
            h.number("attention.temperature_scale", 0), h.originalContextLength());
    return Decoder.of(
        h,
        layer -> {
          var attention = Attention.grouped(h, layer).withRope(rope);
          return List.of(
              Residual.of(
                  Norm.rms(h, layer, "attn_norm"),
                  temperature.scale() == 0 ? attention : attention.withTemperature(temperature)),
              Residual.of(Norm.rms(h, layer, "ffn_norm"), Llama.feedForward(h, layer)));
        });
  }
}
