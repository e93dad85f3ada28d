package dev.educe.model.arch;

import dev.educe.format.ModelFormatException;
import dev.educe.model.Architecture;
import dev.educe.model.Attention;
import dev.educe.model.Decoder;
import dev.educe.model.Experts;
import dev.educe.model.GatedMlp;
import dev.educe.model.Hyperparameters;
import dev.educe.model.Norm;
import dev.educe.model.Op;
import dev.educe.model.Residual;
import dev.educe.model.Rope;
import java.util.List;
import java.util.Set;

/// Llama 1 to 3, and what is built like it: Mistral 7B, and Mixtral's mixture of experts.
///
/// Llama 3's frequency factors are a tensor of the file.
///
/// Source: Hugging Face `modeling_llama.py`, `modeling_mixtral.py`; llama.cpp `models/llama.cpp`.
public final class Llama implements Architecture {
  @Override
  public Set<String> names() {
    return Set.of("llama");
  }

  @Override
  public Decoder describe(Hyperparameters h) throws ModelFormatException {
    var rope = Rope.adjacent(h).withFactors("rope_freqs.weight");
    return Decoder.of(
        h,
        layer ->
            List.of(
                Residual.of(
                    Norm.rms(h, layer, "attn_norm"), Attention.grouped(h, layer).withRope(rope)),
                Residual.of(Norm.rms(h, layer, "ffn_norm"), feedForward(h, layer))));
  }

  /// A gated network, or experts of the same size each.
  static Op feedForward(Hyperparameters h, int layer) throws ModelFormatException {
    return h.experts() == 0
        ? GatedMlp.silu(h, layer)
        : Experts.softmax(h, layer, h.intermediateSize(layer));
  }
}
