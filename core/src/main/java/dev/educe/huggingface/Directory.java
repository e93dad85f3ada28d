package dev.educe.huggingface;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.huggingface.Shards.Stored;
import dev.educe.model.WeightSpec;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Makes GGUF's tensors of those that are stored: under other names, experts in one, norms, biases
/// and routers in F32, rows of queries and keys in GGUF's order.
///
/// The model's own description says which tensors there must be, and how GGUF has their rows.
final class Directory {
  private static final int ALIGNMENT = 32;

  private final String source;
  private final Map<String, TreeMap<Integer, Stored>> parts = new LinkedHashMap<>(); // by our name
  private final Optional<float[]> ropeFactors;

  private Directory(String source, Optional<float[]> ropeFactors) {
    this.source = source;
    this.ropeFactors = ropeFactors;
  }

  /// A tensor and where its bytes come from.
  record Made(TensorEntry entry, Content content) {}

  /// @param start where the first tensor would stand in a GGUF file
  /// @return in the order in which the model uses them
  /// @throws ModelFormatException if tensors are missing, misshapen or unknown
  static List<Made> of(Shards shards, Config config, Metadata metadata, long start)
      throws ModelFormatException {
    var directory = new Directory(metadata.source(), config.ropeFactors());
    for (var tensor : shards.tensors().entrySet()) {
      boolean isCopy = config.isTied() && tensor.getKey().equals("lm_head.weight");
      if (!isCopy && !TensorNames.isDerived(tensor.getKey())) {
        directory.add(tensor.getKey(), tensor.getValue());
      }
    }
    var made = directory.make(metadata, start);
    boolean hasOutput = made.stream().anyMatch(each -> each.entry().name().equals("output.weight"));
    if (!hasOutput && !config.isTied()) {
      throw new ModelFormatException(
          metadata.source() + ": lm_head.weight is missing, and the embeddings are not tied");
    }
    return made;
  }

  private void add(String theirs, Stored stored) throws ModelFormatException {
    var name = TensorNames.of(theirs);
    if (name.isEmpty()) {
      throw unknown(theirs);
    }
    var ofTensor = parts.computeIfAbsent(name.get().name(), _ -> new TreeMap<>());
    if (ofTensor.putIfAbsent(name.get().expert().orElse(0), stored) != null) {
      throw new ModelFormatException(
          "%s: the tensor '%s' is there under two names"
              .formatted(source, ModelFormatException.excerpt(theirs)));
    }
  }

  private List<Made> make(Metadata metadata, long start) throws ModelFormatException {
    var decoder = Architectures.describe(metadata);
    var made = new ArrayList<Made>();
    long offset = start;
    for (WeightSpec spec : decoder.weights()) {
      var tensor = make(spec, offset);
      if (tensor.isPresent()) {
        made.add(tensor.get());
        offset += Math.ceilDiv(tensor.get().entry().bytes(), ALIGNMENT) * ALIGNMENT;
      }
      parts.remove(spec.name());
    }
    if (!parts.isEmpty()) {
      throw unknown(parts.values().iterator().next().firstEntry().getValue().entry().name());
    }
    var entries = made.stream().map(Made::entry).toList();
    Weights.bind(source, decoder, entries, _ -> true); // refuses what is missing or misshapen
    return made;
  }

  private Optional<Made> make(WeightSpec spec, long offset) throws ModelFormatException {
    if (spec.name().equals("rope_freqs.weight")) {
      return ropeFactors.map(
          factors -> made(spec, DType.F32, Shape.of(factors.length), offset, Content.of(factors)));
    }
    var stored = parts.get(spec.name());
    if (stored == null) {
      return Optional.empty();
    }
    TensorEntry first = stored.firstEntry().getValue().entry();
    Shape shape = first.shape();
    Content content;
    if (spec.kind() == WeightSpec.Kind.EXPERTS) {
      shape = stackedShape(spec, stored);
      var contents = stored.values().stream().map(Directory::content).toList();
      content = new Content.Stacked(contents, first.bytes());
    } else {
      content = content(stored.firstEntry().getValue());
    }
    boolean isMatrix =
        spec.kind() == WeightSpec.Kind.MATRIX || spec.kind() == WeightSpec.Kind.EXPERTS;
    DType type = first.type();
    if (!isMatrix && type != DType.F32) {
      content = new Content.Floats(content, type);
      type = DType.F32;
    }
    // A vector's rows are its elements. Shapes are not those of the model yet, so a tensor that is
    // no whole heads stays as it is, and is refused for its shape.
    long rows = spec.kind() == WeightSpec.Kind.VECTOR ? shape.columns() : shape.rows();
    if (!spec.rowOrder().isAsStored() && rows % spec.rowOrder().headSize() == 0) {
      long rowBytes = type.rowBytes(shape.elements()) / rows;
      content = new Content.Adjacent(content, spec.rowOrder(), rowBytes);
    }
    return Optional.of(made(spec, type, shape, offset, content));
  }

  private static Content content(Stored stored) {
    return Content.stored(stored.file(), stored.entry());
  }

  private static Made made(WeightSpec spec, DType type, Shape shape, long offset, Content content) {
    long bytes = shape.rows() * type.rowBytes(shape.columns());
    return new Made(new TensorEntry(spec.name(), type, shape, offset, bytes), content);
  }

  private Shape stackedShape(WeightSpec spec, TreeMap<Integer, Stored> experts)
      throws ModelFormatException {
    long count = spec.shape().dimensions().getFirst();
    if (experts.size() != count || experts.lastKey() != count - 1) {
      throw new ModelFormatException(
          "%s: %s is made of %,d experts, wanted %,d"
              .formatted(source, spec.name(), experts.size(), count));
    }
    TensorEntry first = experts.firstEntry().getValue().entry();
    for (Stored expert : experts.values()) {
      TensorEntry entry = expert.entry();
      if (!entry.shape().equals(first.shape()) || entry.type() != first.type()) {
        throw new ModelFormatException(
            "%s: the tensor '%s' is %s %s, wanted %s %s as the experts before it"
                .formatted(
                    source,
                    ModelFormatException.excerpt(entry.name()),
                    entry.type(),
                    entry.shape(),
                    first.type(),
                    first.shape()));
      }
    }
    var dimensions = new ArrayList<>(first.shape().dimensions());
    dimensions.addFirst(count);
    if (dimensions.size() != 3) {
      throw new ModelFormatException(
          "%s: the experts of %s are %s, wanted two dimensions"
              .formatted(source, spec.name(), first.shape()));
    }
    return new Shape(dimensions);
  }

  private ModelFormatException unknown(String theirs) {
    return new ModelFormatException(
        "%s: the tensor '%s' is none that such a model has"
            .formatted(source, ModelFormatException.excerpt(theirs)));
  }
}
