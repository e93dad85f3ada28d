package dev.educe.model.arch;

import dev.educe.format.ModelFormatException;
import dev.educe.model.Architecture;
import dev.educe.model.Attention;
import dev.educe.model.Decoder;
import dev.educe.model.GatedMlp;
import dev.educe.model.Hyperparameters;
import dev.educe.model.Norm;
import dev.educe.model.Residual;
import dev.educe.model.Rope;
import java.util.List;
import java.util.Set;

/// Qwen 2 and 2.5, dense: Llama's layer with biases of queries, keys and values.
///
/// Source: Hugging Face `modeling_qwen2.py`; llama.cpp `models/qwen2.cpp`.
public final class Qwen2 implements Architecture {
  @Override
  public Set<String> names() {
    return Set.of("qwen2");
  }

  @Override
  public Decoder describe(Hyperparameters h) throws ModelFormatException {
    var rope = Rope.halves(h);
    return Decoder.of(
        h,
        layer ->
            List.of(
                Residual.of(
                    Norm.rms(h, layer, "attn_norm"),
                    Attention.grouped(h, layer).withBiases().withRope(rope)),
                Residual.of(Norm.rms(h, layer, "ffn_norm"), GatedMlp.silu(h, layer))));
  }
}
