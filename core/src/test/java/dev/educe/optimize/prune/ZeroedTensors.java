package dev.educe.optimize.prune;

import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.testing.TinyCheckpoints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// Tiny checkpoints in F32 in which some weights are zero, so that they can be missed by nobody.
final class ZeroedTensors {
  private ZeroedTensors() {}

  /// With layers that add nothing: the matrices back to the hidden state are zero.
  static Path write(TinyCheckpoints made, Path path, String layer) throws IOException {
    return write(
        made,
        path,
        name ->
            name.startsWith(layer) && (name.contains("attn_output") || name.contains("ffn_down"))
                ? new int[] {0, Integer.MAX_VALUE}
                : new int[] {0, 0});
  }

  /// With columns `from` to `to` of some matrices zero.
  static Path writeColumns(TinyCheckpoints made, Path path, String part, int from, int to)
      throws IOException {
    return write(made, path, name -> name.contains(part) ? new int[] {from, to} : new int[] {0, 0});
  }

  private interface Columns {
    int[] of(String tensor);
  }

  private static Path write(TinyCheckpoints made, Path path, Columns columns) throws IOException {
    Map<String, MetadataValue> values = new LinkedHashMap<>();
    for (String key : made.metadata().keys()) {
      values.put(key, made.metadata().find(key).orElseThrow());
    }
    GgufWriter.write(
        path,
        values,
        made.tensors().stream().map(tensor -> zeroed(tensor, columns.of(tensor.name()))).toList());
    return path;
  }

  private static GgufWriter.Tensor zeroed(GgufWriter.Tensor tensor, int[] range) {
    return new GgufWriter.Tensor(
        tensor.name(),
        tensor.type(),
        tensor.shape(),
        target -> {
          var bytes = new ByteArrayOutputStream();
          tensor.content().writeTo(Channels.newChannel(bytes));
          var buffer = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
          int width = (int) tensor.shape().columns();
          for (int i = 0; i < buffer.capacity() / Float.BYTES; i++) {
            if (i % width >= range[0] && i % width < range[1]) {
              buffer.putFloat(i * Float.BYTES, 0);
            }
          }
          target.write(buffer);
        });
  }
}
