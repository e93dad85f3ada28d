package dev.educe.model.arch;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.model.Architecture;
import dev.educe.model.Decoder;
import dev.educe.model.Hyperparameters;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/// The families of models that are known: those listed here, then those that others registered as
/// services.
public final class Architectures {
  /// The families that come with Educe.
  public static final List<Architecture> ALL =
      List.of(new Llama(), new Mistral3(), new Qwen2(), new Qwen3());

  private Architectures() {}

  /// What the model of a checkpoint computes.
  ///
  /// @throws ModelFormatException if a hyperparameter is missing, of the wrong type or impossible
  /// @throws UnsupportedModelException if the architecture is unknown, or the checkpoint asks for
  ///   something that it does not do
  public static Decoder describe(Metadata metadata) throws ModelFormatException {
    var h = Hyperparameters.of(metadata);
    var architecture =
        known()
            .filter(known -> known.names().contains(h.architecture()))
            .findFirst()
            .orElseThrow(() -> unknown(h));
    var decoder = architecture.describe(h);
    h.refuseUnread();
    return decoder;
  }

  private static Stream<Architecture> known() {
    return Stream.concat(
        ALL.stream(), ServiceLoader.load(Architecture.class).stream().map(found -> found.get()));
  }

  private static UnsupportedModelException unknown(Hyperparameters h) {
    var names = known().flatMap(known -> known.names().stream()).sorted().toList();
    return new UnsupportedModelException(
        "%s: the architecture '%s' is not supported; there are %s"
            .formatted(h.source(), h.architecture(), String.join(", ", names)));
  }
}
