package dev.educe.testing;

import dev.educe.format.GgufWriter;
import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.model.WeightSpec;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/// Makes tiny checkpoints of any listed architecture, with random weights that are the same for the
/// same tensor name, and a vocabulary that can spell any text.
///
/// The file is what the architecture's own description wants, so a new family is covered the moment
/// it is listed. Norms, biases and routers are F32; all other weights have the type asked for.
///
/// ```java
/// TinyCheckpoints.of("llama", DType.Q4_0).with("block_count", 3).tied().write(path);
/// ```
public final class TinyCheckpoints {
  /// Pieces beside the control and byte tokens, each made of two shorter ones, as merging wants.
  private static final List<String> PIECES =
      List.of(
          "▁", "a", "b", "d", "e", "h", "i", "l", "n", "o", "r", "s", "t", "w", "he", "▁t", "▁the",
          "▁a", "in", "on", "er", "an", "▁w", "or", "▁wor", "ld", "▁world", "lo", "el", "▁h",
          "▁hel", "▁hello", "nd");

  private static final double MXFP4_DEVIATION = 3.4;

  private final String architecture;
  private final DType type;
  private final Map<String, MetadataValue> hyperparameters = new LinkedHashMap<>();
  private final Set<String> optional = new HashSet<>(Set.of("output.weight"));

  private TinyCheckpoints(String architecture, DType type) {
    this.architecture = architecture;
    this.type = type;
  }

  /// Two layers, four heads of which two pairs share keys and values, an output of its own, no
  /// biases but those that the family must have.
  public static TinyCheckpoints of(String architecture, DType type) {
    // Rows hold whole blocks.
    int block = Math.max(32, type.blockSize());
    int hidden = Math.max(64, block);
    var checkpoint =
        new TinyCheckpoints(architecture, type)
            .with("block_count", 2)
            .with("context_length", 256)
            .with("embedding_length", hidden)
            .with("feed_forward_length", Math.max(96, block))
            .with("attention.head_count", 4)
            .with("attention.head_count_kv", 2)
            .with("attention.layer_norm_rms_epsilon", 1e-5)
            .with("rope.freq_base", 10_000.0);
    return architecture.endsWith("moe")
        ? checkpoint.withExperts(4, 2).with("expert_feed_forward_length", block)
        : checkpoint;
  }

  /// With a mixture of experts.
  public TinyCheckpoints withExperts(int count, int used) {
    return with("expert_count", count).with("expert_used_count", used);
  }

  /// With a hyperparameter, given without the architecture's prefix.
  public TinyCheckpoints with(String key, int value) {
    return with(key, new MetadataValue.Int(MetadataValue.IntType.UINT32, value));
  }

  public TinyCheckpoints with(String key, double value) {
    return with(key, new MetadataValue.Number(false, (float) value));
  }

  public TinyCheckpoints with(String key, String value) {
    return with(key, new MetadataValue.Text(value));
  }

  public TinyCheckpoints with(String key, MetadataValue value) {
    hyperparameters.put(architecture + "." + key, value);
    return this;
  }

  /// Without a hyperparameter that would be there otherwise.
  public TinyCheckpoints without(String key) {
    hyperparameters.remove(architecture + "." + key);
    return this;
  }

  /// With the optional weights whose names end so: `.bias`, `rope_freqs.weight`.
  public TinyCheckpoints withOptional(String ending) {
    optional.add(ending);
    return this;
  }

  /// Without a matrix of its own for the output.
  public TinyCheckpoints tied() {
    optional.remove("output.weight");
    return this;
  }

  /// Everything the file says of itself.
  public Metadata metadata() {
    return new Metadata("tiny.gguf", values());
  }

  /// The tensors that its description wants, optional ones only if asked for.
  public List<GgufWriter.Tensor> tensors() throws ModelFormatException {
    var tensors = new ArrayList<GgufWriter.Tensor>();
    for (var spec : Architectures.describe(metadata()).weights()) {
      if (!spec.optional() || optional.stream().anyMatch(spec.name()::endsWith)) {
        tensors.add(tensor(spec));
      }
    }
    return tensors;
  }

  /// Writes the file.
  public Path write(Path path) throws IOException {
    GgufWriter.write(path, values(), tensors());
    return path;
  }

  private Map<String, MetadataValue> values() {
    var values = new LinkedHashMap<String, MetadataValue>();
    values.put("general.architecture", new MetadataValue.Text(architecture));
    values.put("general.name", new MetadataValue.Text("tiny " + architecture));
    values.putAll(hyperparameters);
    values.putAll(vocabulary());
    return values;
  }

  /// A SentencePiece vocabulary: three control tokens, every byte, and a few pieces.
  private static Map<String, MetadataValue> vocabulary() {
    var tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    IntStream.range(0, 256).forEach(b -> tokens.add("<0x%02X>".formatted(b)));
    int pieces = tokens.size();
    tokens.addAll(PIECES);
    var scores = new double[tokens.size()];
    var types = new long[tokens.size()];
    for (int token = 0; token < types.length; token++) {
      // Longer pieces are merged from shorter ones, so they come later and score lower.
      scores[token] = token < pieces ? 0 : pieces - token;
      types[token] = token == 0 ? 2 : token < 3 ? 3 : token < pieces ? 6 : 1;
    }
    var values = new LinkedHashMap<String, MetadataValue>();
    values.put("tokenizer.ggml.model", new MetadataValue.Text("llama"));
    values.put("tokenizer.ggml.tokens", new MetadataValue.Texts(tokens));
    values.put("tokenizer.ggml.scores", new MetadataValue.Numbers(false, scores));
    values.put(
        "tokenizer.ggml.token_type", new MetadataValue.Ints(MetadataValue.IntType.INT32, types));
    values.put("tokenizer.ggml.bos_token_id", id(1));
    values.put("tokenizer.ggml.eos_token_id", id(2));
    values.put("tokenizer.ggml.unknown_token_id", id(0));
    values.put("tokenizer.ggml.add_bos_token", new MetadataValue.Flag(true));
    values.put("tokenizer.ggml.add_eos_token", new MetadataValue.Flag(false));
    values.put("tokenizer.ggml.add_space_prefix", new MetadataValue.Flag(true));
    return values;
  }

  private static MetadataValue id(int token) {
    return new MetadataValue.Int(MetadataValue.IntType.UINT32, token);
  }

  private GgufWriter.Tensor tensor(WeightSpec spec) {
    var stored =
        switch (spec.kind()) {
          case MATRIX, EXPERTS -> type;
          case ROUTER, VECTOR -> DType.F32;
        };
    return new GgufWriter.Tensor(
        spec.name(), stored, spec.shape(), target -> target.write(content(spec, stored)));
  }

  private static ByteBuffer content(WeightSpec spec, DType stored) {
    var random = new Random(spec.name().hashCode());
    int elements = Math.toIntExact(spec.shape().elements());
    int bytes = Math.toIntExact(spec.shape().rows() * stored.rowBytes(spec.shape().columns()));
    var buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    double deviation = 1 / Math.sqrt(spec.shape().columns());
    if (stored.isQuantized()) {
      for (int block = 0; block < elements / stored.blockSize(); block++) {
        putBlock(buffer, stored, deviation, random);
      }
    } else {
      for (int i = 0; i < elements; i++) {
        putPlain(buffer, stored, value(spec, i, deviation, random));
      }
    }
    return buffer.flip();
  }

  private static float value(WeightSpec spec, int index, double deviation, Random random) {
    if (spec.name().startsWith("rope_freqs")) {
      return 1 + index;
    }
    boolean isNorm = spec.name().endsWith("norm.weight");
    return (float) ((isNorm ? 1 : 0) + deviation * random.nextGaussian());
  }

  private static void putPlain(ByteBuffer buffer, DType type, float value) {
    switch (type) {
      case F32 -> buffer.putFloat(value);
      case F16 -> buffer.putShort(Float.floatToFloat16(value));
      case BF16 -> buffer.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
      default -> throw new IllegalArgumentException("no tiny checkpoints of type " + type);
    }
  }

  /// A block of random bytes, any of which is valid, but for its scales: those make the block's
  /// values deviate as asked.
  private static void putBlock(ByteBuffer buffer, DType type, double deviation, Random random) {
    var block = new byte[type.blockBytes()];
    random.nextBytes(block);
    var scales = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    if (type == DType.MXFP4) {
      // The scale is a power of two; its exponent is a byte.
      block[0] = (byte) (127 + Math.getExponent(deviation / MXFP4_DEVIATION));
      buffer.put(block);
      return;
    }
    double sign = random.nextBoolean() ? 1 : -1;
    for (var scale : scales(type)) {
      scales.putShort(
          scale.offset(), Float.floatToFloat16((float) (sign * deviation * scale.factor())));
    }
    buffer.put(block);
  }

  /// A half in a block: its place, and its value where the block's deviate by 1.
  private record BlockScale(int offset, double factor) {
    static List<BlockScale> alone(int offset, double deviation) {
      return List.of(new BlockScale(offset, 1 / deviation));
    }

    /// A scale and a minimum beside it that together have the mean 0.
    static List<BlockScale> pair(int offset, double deviation, double minimum) {
      return List.of(
          new BlockScale(offset, 1 / deviation), new BlockScale(offset + 2, minimum / deviation));
    }
  }

  /// Deviations of a block's values in units of its scale, for random bytes.
  private static List<BlockScale> scales(DType type) {
    return switch (type) {
      case Q4_0 -> BlockScale.alone(0, 4.6);
      case Q4_1 -> BlockScale.pair(0, 4.6, -7.5);
      case Q5_0 -> BlockScale.alone(0, 9.2);
      case Q5_1 -> BlockScale.pair(0, 9.2, -15.5);
      case Q8_0 -> BlockScale.alone(0, 74);
      case Q2_K -> BlockScale.pair(80, 12, 1.5);
      case Q3_K -> BlockScale.alone(108, 43);
      case Q4_K -> BlockScale.pair(0, 200, 7.5);
      case Q5_K -> BlockScale.pair(0, 400, 15.5);
      case Q6_K -> BlockScale.alone(208, 1_370);
      case IQ4_NL -> BlockScale.alone(0, 70);
      case IQ4_XS -> BlockScale.alone(0, 1_300);
      default -> throw new IllegalArgumentException("no tiny checkpoints of type " + type);
    };
  }
}
