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

/// Qwen 3, dense and mixture of experts: Llama's layer with a norm on each query and key head.
///
/// Source: Hugging Face `modeling_qwen3.py`, `modeling_qwen3_moe.py`; llama.cpp `models/qwen3.cpp`,
/// `models/qwen3moe.cpp`.
public final class Qwen3 implements Architecture {
  @Override
  public Set<String> names() {
    return Set.of("qwen3", "qwen3moe");
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
                    Attention.grouped(h, layer).withRope(rope).withHeadNorms(h, layer)),
                Residual.of(Norm.rms(h, layer, "ffn_norm"), feedForward(h, layer))));
  }

  private static Op feedForward(Hyperparameters h, int layer) throws ModelFormatException {
    return h.experts() == 0
        ? GatedMlp.silu(h, layer)
        : Experts.softmax(h, layer, h.expertIntermediateSize(layer));
  }
}
