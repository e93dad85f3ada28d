package dev.educe.optimize.train;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Number;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.ModelFormatException;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Decoder;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.optimize.quantize.RowReader;
import dev.educe.optimize.train.Parameters.Parameter;
import dev.educe.tensor.DType;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// A model that is trained: its metadata, its description, and its weights as floats.
///
/// Not thread-safe.
public final class Student {
  /// Turns of a conversation are one text to a student whose vocabulary has no tokens for them.
  private static final String TEMPLATE =
      "{% for message in messages %}{{ (' ' if not loop.first else '') + message.content | trim }}"
          + "{% endfor %}";

  private static final int BUFFER_BYTES = 1 << 18;

  private final Map<String, MetadataValue> metadata;
  private final Decoder decoder;
  private final Tokenizer tokenizer;
  private final Parameters parameters;

  private Student(Map<String, MetadataValue> metadata, String source, Set<String> present)
      throws ModelFormatException {
    this.metadata = metadata;
    var read = new Metadata(source, metadata);
    this.decoder = Architectures.describe(read);
    this.tokenizer = Tokenizer.of(read);
    this.parameters = new Parameters(Network.weights(decoder, present));
  }

  /// Makes one with random weights, which are functions of the seed.
  ///
  /// @param name `general.name`
  /// @param teacher whose vocabulary and context it takes where the specification has none
  /// @param texts to learn a vocabulary of its own from
  /// @throws ModelFormatException if the teacher's vocabulary cannot be taken
  public static Student create(
      StudentSpec spec, String name, Metadata teacher, List<String> texts, long seed)
      throws ModelFormatException {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    metadata.put("general.architecture", new Text("llama"));
    metadata.put("general.name", new Text(name));
    long context =
        spec.contextLength() > 0
            ? spec.contextLength()
            : teacher.integer(teacher.string("general.architecture") + ".context_length");
    put(metadata, "block_count", spec.layers());
    put(metadata, "context_length", context);
    put(metadata, "embedding_length", spec.hiddenSize());
    put(metadata, "feed_forward_length", spec.intermediateSize());
    put(metadata, "attention.head_count", spec.heads());
    put(metadata, "attention.head_count_kv", spec.kvHeads());
    metadata.put("llama.attention.layer_norm_rms_epsilon", new Number(false, 1e-5f));
    put(metadata, "rope.dimension_count", spec.hiddenSize() / spec.heads());
    metadata.put("llama.rope.freq_base", new Number(false, 10_000));
    if (spec.vocabularySize() > 0) {
      StudentVocabulary.addTo(metadata, texts, spec.vocabularySize(), Tokenizer.of(teacher));
      metadata.put("tokenizer.chat_template", new Text(TEMPLATE));
    } else {
      for (String key : teacher.keys()) {
        if (key.startsWith("tokenizer.")) {
          metadata.put(key, teacher.find(key).orElseThrow());
        }
      }
    }
    var student = new Student(metadata, name, Set.of());
    student.parameters.randomize(seed, student.decoder.layers().size());
    return student;
  }

  private static void put(Map<String, MetadataValue> metadata, String key, long value) {
    metadata.put("llama." + key, new Int(IntType.UINT32, value));
  }

  /// Reads one from a file, of any type of weights.
  ///
  /// @throws ModelFormatException if the file is damaged
  /// @throws dev.educe.format.UnsupportedModelException if it cannot be trained here
  /// @throws IOException if it cannot be read
  public static Student read(Path path) throws IOException {
    try (var file = Gguf.open(path)) {
      var metadata = new LinkedHashMap<String, MetadataValue>();
      for (String key : file.metadata().keys()) {
        metadata.put(key, file.metadata().find(key).orElseThrow());
      }
      var names = file.tensors().stream().map(tensor -> tensor.name()).collect(Collectors.toSet());
      var student = new Student(metadata, path.toString(), names);
      Weights.bind(path.toString(), student.decoder, file.tensors(), PanelLayout::supports);
      for (Parameter parameter : student.parameters.all()) {
        var entry = file.tensor(parameter.name()).orElseThrow();
        parameter.read(new RowReader(file, entry), student.parameters.values());
      }
      return student;
    }
  }

  /// How it reads text.
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// How many numbers it learns.
  public int parameterCount() {
    return parameters.values().length;
  }

  /// Positions it has.
  public int contextLength() {
    return decoder.contextLength();
  }

  Decoder decoder() {
    return decoder;
  }

  Parameters parameters() {
    return parameters;
  }

  /// Writes it as a model, in F32.
  ///
  /// @throws IOException if that fails; what stood there before is then untouched
  public void write(Path path) throws IOException {
    write(path, Map.of(), List.of());
  }

  /// Writes it with more metadata and more tensors.
  void write(Path path, Map<String, MetadataValue> more, List<GgufWriter.Tensor> others)
      throws IOException {
    var all = new LinkedHashMap<>(metadata);
    all.put("general.file_type", new Int(IntType.UINT32, 0));
    all.putAll(more);
    var tensors = new ArrayList<>(tensors(parameters, "", parameters.values()));
    tensors.addAll(others);
    GgufWriter.write(path, all, tensors);
  }

  /// An array of the layout of parameters, as tensors.
  ///
  /// @param ending of the tensors' names
  static List<GgufWriter.Tensor> tensors(Parameters parameters, String ending, float[] values) {
    return parameters.all().stream()
        .map(parameter ->
            new GgufWriter.Tensor(
                parameter.name() + ending,
                DType.F32,
                parameter.shape(),
                target -> write(values, parameter.from(), parameter.size(), target)))
        .toList();
  }

  private static void write(float[] values, int from, int count, WritableByteChannel target)
      throws IOException {
    var buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; ) {
      int part = Math.min(count - i, BUFFER_BYTES / Float.BYTES);
      buffer.clear().asFloatBuffer().put(values, from + i, part);
      buffer.limit(part * Float.BYTES);
      while (buffer.hasRemaining()) {
        target.write(buffer);
      }
      i += part;
    }
  }
}
