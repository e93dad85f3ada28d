package dev.educe.optimize.prune;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.optimize.quantize.RowEncoder;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes what is kept of a model, a few rows of a tensor at a time.
final class CutFile {
  private static final Pattern IN_LAYER = Pattern.compile("blk\\.(\\d{1,6})\\.(.+)");
  private static final Pattern EXPERT_ALONE = Pattern.compile("ffn_(gate|up|down)\\.\\d+\\.weight");

  // llama.cpp's number for files whose matrices are mostly F16.
  private static final int MOSTLY_F16 = 1;

  private final Gguf file;
  private final Cut cut;

  private CutFile(Gguf file, Cut cut) {
    this.file = file;
    this.cut = cut;
  }

  /// Writes the file beside `path` and then moves it there.
  ///
  /// @throws UnsupportedModelException if a tensor cannot be cut
  /// @throws IOException if reading or writing fails
  static void write(Gguf file, Cut cut, Path path) throws IOException {
    var cutFile = new CutFile(file, cut);
    var tensors = new ArrayList<GgufWriter.Tensor>();
    for (TensorEntry entry : file.tensors()) {
      cutFile.tensor(entry).ifPresent(tensors::add);
    }
    int fileType = isQuantized(file) ? MOSTLY_F16 : -1;
    GgufWriter.write(path, CutMetadata.of(file.metadata(), cut, fileType), tensors);
  }

  /// Whether weights are turned back into plain numbers on the way.
  static boolean isQuantized(Gguf file) {
    return file.tensors().stream().anyMatch(entry -> entry.type().isQuantized());
  }

  /// Whether a tensor is of no layer, or of one that is kept.
  static boolean isKept(TensorEntry entry, Cut cut) {
    Matcher inLayer = IN_LAYER.matcher(entry.name());
    return !inLayer.matches() || cut.layers().contains(Integer.parseInt(inLayer.group(1)));
  }

  private Optional<GgufWriter.Tensor> tensor(TensorEntry entry) {
    Matcher inLayer = IN_LAYER.matcher(entry.name());
    if (!inLayer.matches()) {
      return Optional.of(slice(entry).as(entry.name()));
    }
    int layer = Integer.parseInt(inLayer.group(1));
    int index = cut.layers().indexOf(layer);
    if (index < 0) {
      return Optional.empty();
    }
    String part = inLayer.group(2);
    float[] refitted = cut.refitted().get(layer);
    if (refitted != null && part.equals("ffn_down.weight")) {
      return Optional.of(refitted(entry, "blk." + index + "." + part, refitted));
    }
    return Optional.of(sliceOfLayer(entry, layer, part).as("blk." + index + "." + part));
  }

  private static GgufWriter.Tensor refitted(TensorEntry entry, String name, float[] weights) {
    int rows = Math.toIntExact(entry.shape().rows());
    var encoder = RowEncoder.of(type(entry), weights.length / rows);
    return new GgufWriter.Tensor(
        name,
        type(entry),
        Shape.of(rows, weights.length / rows),
        target -> {
          var bytes = new byte[rows * encoder.rowBytes()];
          encoder.encode(weights, rows, bytes);
          target.write(ByteBuffer.wrap(bytes));
        });
  }

  private Slice slice(TensorEntry entry) {
    boolean isOfTokens =
        switch (entry.name()) {
          case "token_embd.weight", "output.weight", "output.bias" -> true;
          default -> false;
        };
    var slice = new Slice(file, entry, type(entry));
    if (!isOfTokens || cut.tokens().isEmpty()) {
      return slice;
    }
    int[][] kept = {cut.tokens().get()};
    return entry.shape().rows() == 1 ? slice.withColumns(kept) : slice.withRows(kept);
  }

  private Slice sliceOfLayer(TensorEntry entry, int layer, String part) {
    var slice = new Slice(file, entry, type(entry));
    int[][] kept = cut.units().get(layer);
    if (kept != null) {
      if (EXPERT_ALONE.matcher(part).matches()) {
        throw new UnsupportedModelException(
            "%s: experts in tensors of their own, as %s, cannot be cut; convert the model anew"
                .formatted(file.path(), entry.name()));
      }
      slice =
          switch (part) {
            case "ffn_gate.weight", "ffn_up.weight", "ffn_gate_exps.weight", "ffn_up_exps.weight" ->
                slice.withRows(kept);
            case "ffn_gate.bias", "ffn_up.bias", "ffn_down.weight", "ffn_down_exps.weight" ->
                slice.withColumns(kept);
            default -> slice;
          };
    }
    // A router decides for all that follow, and has few weights.
    boolean isMatrix = entry.shape().rows() > 1 && !part.startsWith("ffn_gate_inp");
    return isMatrix && cut.zeroShare() > 0 ? slice.withZeros(cut.zeroShare()) : slice;
  }

  private static DType type(TensorEntry entry) {
    return entry.type().isQuantized() ? DType.F16 : entry.type();
  }
}
