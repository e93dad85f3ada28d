package dev.educe.cli.make;

import dev.educe.cli.make.ModelShape.Weight;
import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Number;
import dev.educe.format.MetadataValue.Text;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleConsumer;
import java.util.stream.Collectors;

/// Writes a Llama of real shape with random weights: as large and as fast as a real one, and
/// talking nonsense.
///
/// Weights have a standard deviation of one over the root of their row's length, so that
/// activations keep their size from layer to layer and logits are finite and spread. The same name
/// and seed give the same bytes everywhere.
public final class ModelMaker {
  private static final int CONTEXT_LENGTH = 8192;

  private final ModelShape shape;
  private final DType type;
  private final long seed;

  private ModelMaker(ModelShape shape, DType type, long seed) {
    this.shape = shape;
    this.type = type;
    this.seed = seed;
  }

  /// @param name shape and format: `llama-1b-q4_0`
  /// @throws IllegalArgumentException if there is no such shape or format
  public static ModelMaker of(String name, long seed) {
    int dash = name.lastIndexOf('-');
    if (dash < 0) {
      throw new IllegalArgumentException(
          "'" + name + "' must be a shape, a dash and a format: llama-1b-q4_0");
    }
    var shape = ModelShape.of(name.substring(0, dash).toLowerCase(Locale.ROOT));
    String format = name.substring(dash + 1).toUpperCase(Locale.ROOT);
    var type =
        RandomWeights.TYPES.stream()
            .filter(each -> each.name().equals(format))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "there is no format '%s'; there are %s"
                        .formatted(
                            name.substring(dash + 1),
                            RandomWeights.TYPES.stream()
                                .sorted()
                                .map(each -> each.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")))));
    return new ModelMaker(shape, type, seed);
  }

  /// Writes the file.
  ///
  /// @param progress is told the written share, 0 to 1
  /// @throws java.nio.channels.ClosedByInterruptException if the thread is interrupted
  /// @throws IOException if writing fails
  public void write(Path path, DoubleConsumer progress) throws IOException {
    var weights = shape.weights(type);
    var written = new Written(weights.stream().mapToLong(ModelMaker::bytes).sum(), progress);
    var tensors =
        weights.stream()
            .map(weight ->
                new GgufWriter.Tensor(
                    weight.name(),
                    weight.type(),
                    weight.shape(),
                    target -> write(weight, target, written)))
            .toList();
    GgufWriter.write(path, metadata(), tensors);
  }

  private void write(Weight weight, WritableByteChannel target, Written written)
      throws IOException {
    if (weight.isNorm()) {
      var ones = ByteBuffer.allocate((int) bytes(weight)).order(ByteOrder.LITTLE_ENDIAN);
      while (ones.hasRemaining()) {
        ones.putFloat(1);
      }
      written.add(target.write(ones.flip()));
      return;
    }
    double deviation = 1 / Math.sqrt(weight.shape().columns());
    var random = new RandomWeights(weight.type(), deviation, seed, weight.name().hashCode());
    // Whole blocks, and a multiple of the generator's 16 bytes.
    int chunk = 4096 * weight.type().blockBytes();
    var buffer = ByteBuffer.allocate(chunk);
    for (long left = bytes(weight); left > 0; left -= buffer.limit()) {
      buffer.clear().limit((int) Math.min(left, chunk));
      random.fill(buffer);
      while (buffer.hasRemaining()) {
        written.add(target.write(buffer));
      }
    }
  }

  private static long bytes(Weight weight) {
    return weight.shape().rows() * weight.type().rowBytes(weight.shape().columns());
  }

  private Map<String, MetadataValue> metadata() {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    metadata.put("general.architecture", new Text("llama"));
    String format = type.name().toLowerCase(Locale.ROOT);
    metadata.put(
        "general.name", new Text("%s-%s, random, seed %d".formatted(shape.label(), format, seed)));
    metadata.put("general.quantization_version", integer(2));
    metadata.put("llama.block_count", integer(shape.layers));
    metadata.put("llama.context_length", integer(CONTEXT_LENGTH));
    metadata.put("llama.embedding_length", integer(shape.hiddenSize));
    metadata.put("llama.feed_forward_length", integer(shape.intermediateSize));
    metadata.put("llama.attention.head_count", integer(shape.heads));
    metadata.put("llama.attention.head_count_kv", integer(shape.kvHeads));
    metadata.put("llama.attention.layer_norm_rms_epsilon", new Number(false, 1e-5f));
    metadata.put("llama.rope.dimension_count", integer(shape.headSize));
    metadata.put("llama.rope.freq_base", new Number(false, 10_000));
    metadata.put("llama.vocab_size", integer(shape.vocabularySize));
    if (shape.experts > 0) {
      metadata.put("llama.expert_count", integer(shape.experts));
      metadata.put("llama.expert_used_count", integer(ModelShape.EXPERTS_USED));
    }
    SyntheticVocabulary.addTo(metadata, shape.vocabularySize);
    return metadata;
  }

  private static MetadataValue integer(long value) {
    return new Int(IntType.UINT32, value);
  }

  /// Counts bytes for the bar.
  private static final class Written {
    private final long total;
    private final DoubleConsumer progress;
    private long bytes;

    Written(long total, DoubleConsumer progress) {
      this.total = total;
      this.progress = progress;
    }

    void add(long more) {
      bytes += more;
      progress.accept((double) bytes / total);
    }
  }
}
