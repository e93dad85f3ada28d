package dev.educe.model;

import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// The numbers that make one model of a family, read from a checkpoint's metadata and checked.
///
/// Keys are given without the architecture's prefix: `attention.head_count` stands in the file as
/// `llama.attention.head_count`. Everything out of range is a [ModelFormatException] that names the
/// key, what is allowed and what was found, so that nothing is allocated for impossible numbers.
/// Remembers which keys were asked for, see [#refuseUnread]; not thread-safe.
///
/// Source: `gguf.md` of ggml, and `load_hparams` in llama.cpp's `llama-model.cpp` for defaults.
public final class Hyperparameters {
  // Limits: beyond what any model has, and low enough that products of two fit an int.
  private static final int LAYERS_MAX = 1_024;
  private static final int EXPERTS_MAX = 1_024;
  private static final int HEADS_MAX = 1_024;
  private static final int HEAD_SIZE_MAX = 4_096;
  private static final int HIDDEN_SIZE_MAX = 1 << 18;
  private static final int INTERMEDIATE_SIZE_MAX = 1 << 22;
  private static final int VOCABULARY_SIZE_MAX = 1 << 24;
  private static final int CONTEXT_LENGTH_MAX = 1 << 30;

  private static final String TOKENS = "tokenizer.ggml.tokens";

  private final Metadata metadata;
  private final String architecture;
  private final Set<String> read = new HashSet<>();

  private Hyperparameters(Metadata metadata, String architecture) {
    this.metadata = metadata;
    this.architecture = architecture;
  }

  /// @throws ModelFormatException if the metadata name no architecture
  public static Hyperparameters of(Metadata metadata) throws ModelFormatException {
    return new Hyperparameters(metadata, metadata.string("general.architecture"));
  }

  /// The file's name, for messages.
  public String source() {
    return metadata.source();
  }

  /// What the checkpoint calls its family.
  public String architecture() {
    return architecture;
  }

  public int layers() throws ModelFormatException {
    return integer("block_count", LAYERS_MAX);
  }

  public int hiddenSize() throws ModelFormatException {
    return integer("embedding_length", HIDDEN_SIZE_MAX);
  }

  public int contextLength() throws ModelFormatException {
    return integer("context_length", CONTEXT_LENGTH_MAX);
  }

  /// The context that the model was trained with before it was extended.
  public int originalContextLength() throws ModelFormatException {
    var key = "rope.scaling.original_context_length";
    int length = integer(key, 0, CONTEXT_LENGTH_MAX, 0);
    return length == 0 ? contextLength() : length;
  }

  /// The tokens of the vocabulary; `vocab_size` says it too, and alone where the file has none.
  public int vocabularySize() throws ModelFormatException {
    var tokens = metadata.findStrings(TOKENS);
    if (tokens.isEmpty()) {
      return integer("vocab_size", VOCABULARY_SIZE_MAX);
    }
    int size = tokens.get().size();
    if (size < 1 || size > VOCABULARY_SIZE_MAX) {
      throw metadata.invalid(TOKENS, "1 to %,d tokens".formatted(VOCABULARY_SIZE_MAX), size);
    }
    long said = metadata.findInteger(key("vocab_size")).orElse(size);
    if (said != size) {
      throw invalid("vocab_size", "the number of tokens, %,d".formatted(size), said);
    }
    return size;
  }

  public int heads(int layer) throws ModelFormatException {
    return ofLayer("attention.head_count", layer, HEADS_MAX);
  }

  /// As many as there are heads unless the checkpoint says otherwise; they divide the heads.
  public int kvHeads(int layer) throws ModelFormatException {
    var key = "attention.head_count_kv";
    int heads = heads(layer);
    int kvHeads = has(key) ? ofLayer(key, layer, HEADS_MAX) : heads;
    if (kvHeads > heads || heads % kvHeads != 0) {
      throw invalid(key, "a divisor of the %d heads".formatted(heads), kvHeads);
    }
    return kvHeads;
  }

  /// Values of a head's query, key and value; `embedding_length / head_count` where it is not
  /// given.
  ///
  /// @throws UnsupportedModelException if keys and values differ in size
  public int headSize() throws ModelFormatException {
    int size = has("attention.key_length") ? keyLength() : evenShare();
    int valueSize = integer("attention.value_length", 1, HEAD_SIZE_MAX, size);
    if (valueSize != size) {
      throw new UnsupportedModelException(
          "%s: keys of %d values and values of %d are not supported; both must have the same size"
              .formatted(source(), size, valueSize));
    }
    return size;
  }

  private int keyLength() throws ModelFormatException {
    return integer("attention.key_length", HEAD_SIZE_MAX);
  }

  private int evenShare() throws ModelFormatException {
    int hidden = hiddenSize();
    int heads = heads(0);
    if (hidden % heads != 0 || hidden / heads > HEAD_SIZE_MAX) {
      var expected = "a divisor of embedding_length %d, with heads of at most %,d values";
      throw invalid("attention.head_count", expected.formatted(hidden, HEAD_SIZE_MAX), heads);
    }
    return hidden / heads;
  }

  /// Channels of a head that are rotated: all of them, an even number.
  public int ropeDimensions() throws ModelFormatException {
    int size = headSize();
    int dimensions = integer("rope.dimension_count", 0, HEAD_SIZE_MAX, size);
    if (dimensions != size || size % 2 != 0) {
      throw invalid(
          "rope.dimension_count", "the head size %d, and even".formatted(size), dimensions);
    }
    return dimensions;
  }

  public double ropeTheta() throws ModelFormatException {
    double theta = number("rope.freq_base", 10_000);
    if (theta <= 1) {
      throw invalid("rope.freq_base", "a number above 1", theta);
    }
    return theta;
  }

  public float normEpsilon() throws ModelFormatException {
    var key = "attention.layer_norm_rms_epsilon";
    double epsilon = number(key, Double.NaN);
    if (Double.isNaN(epsilon)) {
      throw invalid(key, "a positive float", "nothing");
    }
    return (float) positive(key, epsilon);
  }

  /// Positions a token sees at most; [Integer#MAX_VALUE] for all.
  public int slidingWindow() throws ModelFormatException {
    int window = integer("attention.sliding_window", 0, Integer.MAX_VALUE, 0);
    return window == 0 ? Integer.MAX_VALUE : window;
  }

  public int intermediateSize(int layer) throws ModelFormatException {
    return ofLayer("feed_forward_length", layer, INTERMEDIATE_SIZE_MAX);
  }

  /// 0 for a dense model.
  public int experts() throws ModelFormatException {
    int experts = integer("expert_count", 0, EXPERTS_MAX, 0);
    int used = integer("expert_used_count", 0, EXPERTS_MAX, 0);
    if (used > experts || (experts > 0 && used == 0)) {
      var expected =
          experts == 0 ? "0, as expert_count" : "1 to expert_count, %d".formatted(experts);
      throw invalid("expert_used_count", expected, used);
    }
    return experts;
  }

  public int expertsUsed() throws ModelFormatException {
    return integer("expert_used_count", EXPERTS_MAX);
  }

  /// An equal share of the intermediate size where the checkpoint does not say.
  public int expertIntermediateSize(int layer) throws ModelFormatException {
    var key = "expert_feed_forward_length";
    if (has(key)) {
      return integer(key, INTERMEDIATE_SIZE_MAX);
    }
    int whole = intermediateSize(layer);
    return inRange("feed_forward_length", expertsUsed(), INTERMEDIATE_SIZE_MAX, whole)
        / expertsUsed();
  }

  /// Whether the checkpoint has the key.
  public boolean has(String key) {
    return value(key).isPresent();
  }

  /// An integer that must be there, from 1 to `max`.
  public int integer(String key, int max) throws ModelFormatException {
    return inRange(key, 1, max, metadata.integer(asked(key)));
  }

  /// An integer from `min` to `max`, or `absent` where the checkpoint has no such key.
  public int integer(String key, int min, int max, int absent) throws ModelFormatException {
    var value = metadata.findInteger(asked(key));
    return value.isEmpty() ? absent : inRange(key, min, max, value.getAsLong());
  }

  /// One integer for all layers, or an array with one for each.
  private int ofLayer(String key, int layer, int max) throws ModelFormatException {
    if (!(value(key).orElse(null) instanceof MetadataValue.Ints)) {
      return integer(key, max);
    }
    var values = metadata.findIntegers(asked(key)).orElseThrow();
    if (values.length != layers()) {
      var expected = "one integer, or %d of them".formatted(layers());
      throw invalid(key, expected, "%,d of them".formatted(values.length));
    }
    return inRange(key, 1, max, values[layer]);
  }

  private int inRange(String key, int min, int max, long value) throws ModelFormatException {
    if (value < min || value > max) {
      throw invalid(key, "an integer from %,d to %,d".formatted(min, max), value);
    }
    return (int) value;
  }

  /// A finite number, or `absent` where the checkpoint has no such key.
  public double number(String key, double absent) throws ModelFormatException {
    var value = metadata.findNumber(asked(key));
    if (value.isPresent() && !Double.isFinite(value.getAsDouble())) {
      throw invalid(key, "a finite number", value.getAsDouble());
    }
    return value.orElse(absent);
  }

  /// A finite number above zero, or `absent` where the checkpoint has no such key.
  public double positive(String key, double absent) throws ModelFormatException {
    double value = number(key, absent);
    if (value <= 0) {
      throw invalid(key, "a positive number", value);
    }
    return value;
  }

  public boolean flag(String key, boolean absent) throws ModelFormatException {
    return metadata.findFlag(asked(key)).orElse(absent);
  }

  public String text(String key, String absent) throws ModelFormatException {
    return metadata.findString(asked(key)).orElse(absent);
  }

  /// An error about a key, with the prefix put before it.
  public ModelFormatException invalid(String key, String expected, Object found) {
    return metadata.invalid(key(key), expected, found);
  }

  /// Refuses a checkpoint with a key that changes what the model computes and that its architecture
  /// did not ask for.
  ///
  /// @throws UnsupportedModelException if there is one
  public void refuseUnread() {
    for (var entry : ResultChangingKeys.NEUTRAL_VALUES.entrySet()) {
      var key = entry.getKey();
      var value = metadata.find(key(key));
      if (value.isPresent()
          && !read.contains(key)
          && !ResultChangingKeys.isNeutral(value.get(), entry.getValue())) {
        throw new UnsupportedModelException(
            "%s: '%s' is %s, which changes what the model computes and is not supported for %s"
                .formatted(source(), key(key), value.get().describe(), architecture));
      }
    }
  }

  private Optional<MetadataValue> value(String key) {
    return metadata.find(asked(key));
  }

  private String asked(String key) {
    read.add(key);
    return key(key);
  }

  private String key(String key) {
    return architecture + "." + key;
  }
}
