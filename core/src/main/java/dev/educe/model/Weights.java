package dev.educe.model;

import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// The weights of a description, each found in a file's directory; no bytes are read.
///
/// Container traps end here: a tied output, experts kept as one tensor each, shapes padded with
/// ones. Immutable.
public final class Weights {
  /// Mistakes that one message names; the rest is counted.
  private static final int NAMED_MAX = 5;

  /// What a weight that is used in F32 may be stored as.
  private static final Set<DType> PLAIN = EnumSet.of(DType.F32, DType.F16, DType.BF16);

  private final Decoder decoder;
  private final Map<String, Weight> found; // by name, in the order of use
  private final List<String> surplus;

  private Weights(Decoder decoder, Map<String, Weight> found, List<String> surplus) {
    this.decoder = decoder;
    this.found = found;
    this.surplus = List.copyOf(surplus);
  }

  /// Finds every weight of a description among a file's tensors.
  ///
  /// @param source the file's name, for messages
  /// @param supported the element types that the backend has matrix kernels for
  /// @throws ModelFormatException if tensors are missing or misshapen; names the first of them
  /// @throws UnsupportedModelException if tensors are of other types; names the first of them
  public static Weights bind(
      String source, Decoder decoder, List<TensorEntry> tensors, Predicate<DType> supported)
      throws ModelFormatException {
    var byName = new LinkedHashMap<String, TensorEntry>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    var found = new LinkedHashMap<String, Weight>();
    var used = new LinkedHashSet<String>();
    var mistakes = new ArrayList<String>();
    for (var spec : decoder.weights()) {
      var parts = parts(spec, byName);
      var mistake = mistake(spec, parts);
      mistake.ifPresent(mistakes::add);
      if (mistake.isEmpty() && !parts.isEmpty()) {
        found.put(spec.name(), new Weight(spec, parts));
      }
      parts.forEach(part -> used.add(part.name()));
    }
    if (!mistakes.isEmpty()) {
      throw new ModelFormatException(
          "%s: the tensors are not those of its architecture: %s"
              .formatted(source, first(mistakes, "; ")));
    }
    refuseTypes(source, found.values(), supported);
    var surplus = byName.keySet().stream().filter(name -> !used.contains(name)).toList();
    return new Weights(decoder, found, surplus);
  }

  /// The tensor of the weight's name; else, for experts, those of its older names:
  /// `blk.0.ffn_up.3.weight` for expert 3 of `blk.0.ffn_up_exps.weight`.
  private static List<TensorEntry> parts(WeightSpec spec, Map<String, TensorEntry> byName) {
    var whole = byName.get(spec.name());
    if (whole != null || spec.kind() != WeightSpec.Kind.EXPERTS) {
      return whole == null ? List.of() : List.of(whole);
    }
    var parts = new ArrayList<TensorEntry>();
    for (int expert = 0; expert < spec.shape().dimensions().getFirst(); expert++) {
      var part = byName.get(spec.name().replace("_exps.", "." + expert + "."));
      if (part == null) {
        break;
      }
      parts.add(part);
    }
    return parts;
  }

  private static Optional<String> mistake(WeightSpec spec, List<TensorEntry> parts) {
    if (parts.isEmpty()) {
      return spec.optional()
          ? Optional.empty()
          : Optional.of("%s is missing, wanted %s".formatted(spec.name(), spec.shape()));
    }
    boolean whole = parts.getFirst().name().equals(spec.name());
    var dimensions = spec.shape().dimensions();
    var wanted = whole ? spec.shape() : new Shape(dimensions.subList(1, dimensions.size()));
    for (var part : parts) {
      if (!trimmed(part.shape()).equals(trimmed(wanted))) {
        return Optional.of("%s is %s, wanted %s".formatted(part.name(), part.shape(), wanted));
      }
      if (part.type() != parts.getFirst().type()) {
        return Optional.of(
            "%s is %s, wanted %s as the experts before it"
                .formatted(part.name(), part.type(), parts.getFirst().type()));
      }
    }
    if (!whole && parts.size() < dimensions.getFirst()) {
      return Optional.of(
          "%s has %d experts, wanted %d"
              .formatted(spec.name(), parts.size(), dimensions.getFirst()));
    }
    return Optional.empty();
  }

  /// Outer dimensions of 1 are how some writers pad a shape.
  private static List<Long> trimmed(Shape shape) {
    var dimensions = shape.dimensions();
    int first = 0;
    while (first < dimensions.size() - 1 && dimensions.get(first) == 1) {
      first++;
    }
    return dimensions.subList(first, dimensions.size());
  }

  private static void refuseTypes(
      String source, Collection<Weight> weights, Predicate<DType> supported) {
    refuse(source, "", supported, weights, kind -> !isPlain(kind));
    refuse(source, " for norms, biases and routers", PLAIN::contains, weights, Weights::isPlain);
  }

  private static void refuse(
      String source,
      String what,
      Predicate<DType> supported,
      Collection<Weight> weights,
      Predicate<WeightSpec.Kind> kinds) {
    var refused =
        weights.stream()
            .filter(weight -> kinds.test(weight.spec().kind()) && !supported.test(weight.type()))
            .map(weight -> weight.parts().getFirst().name() + " is " + weight.type())
            .toList();
    if (!refused.isEmpty()) {
      throw new UnsupportedModelException(
          "%s: tensors are of a type that is not supported: %s; supported%s are %s"
              .formatted(source, first(refused, ", "), what, names(supported)));
    }
  }

  private static boolean isPlain(WeightSpec.Kind kind) {
    return switch (kind) {
      case MATRIX, EXPERTS -> false;
      case ROUTER, VECTOR -> true;
    };
  }

  private static String names(Predicate<DType> supported) {
    return Arrays.stream(DType.values())
        .filter(supported)
        .map(Enum::name)
        .collect(Collectors.joining(", "));
  }

  private static String first(List<String> all, String separator) {
    var named = all.stream().limit(NAMED_MAX).collect(Collectors.joining(separator));
    int rest = all.size() - NAMED_MAX;
    return rest > 0 ? named + separator + "and " + rest + " more" : named;
  }

  /// The description whose weights these are.
  public Decoder decoder() {
    return decoder;
  }

  /// The weight that a description wants, if the file has it; always there unless it is optional.
  public Optional<Weight> find(WeightSpec spec) {
    return Optional.ofNullable(found.get(spec.name()));
  }

  /// The weight that a description wants.
  ///
  /// @throws IllegalArgumentException if the file lacks it, which only an optional one may be
  public Weight get(WeightSpec spec) {
    return find(spec)
        .orElseThrow(() -> new IllegalArgumentException("the file has no " + spec.name()));
  }

  /// The matrix that makes logits: the embedding's where the file has none for the output.
  public Weight output() {
    return find(decoder.output().projection().weight())
        .orElseGet(() -> get(decoder.embedding().weight()));
  }

  /// All weights that were found, in the order of use, each once.
  public List<Weight> all() {
    return List.copyOf(found.values());
  }

  /// Bytes of all of them in the file.
  public long bytes() {
    return sum(Weight::bytes);
  }

  /// How many numbers the model learned.
  public long parameters() {
    return sum(weight -> weight.spec().shape().elements());
  }

  private long sum(Function<Weight, Long> term) {
    return found.values().stream().map(term).reduce(0L, Math::addExact);
  }

  /// The file's tensors that the description has no use for.
  public List<String> surplus() {
    return surplus;
  }

  /// One sentence about tensors that are not used, if there are any.
  public Optional<String> warning() {
    return surplus.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%d tensors of the file are not used: %s"
                .formatted(surplus.size(), first(surplus, ", ")));
  }
}
