package dev.educe.optimize.train;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Number;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.ModelFormatException;
import dev.educe.optimize.quantize.RowReader;
import dev.educe.optimize.train.Parameters.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A training as it stands between two steps, in a file: the student as a model, and beside each
/// weight the optimizer's means, `….mean` and `….square`.
///
/// It is written beside and moved into its place, so a process that is killed leaves the one before
/// or this one. The order of the texts is not in it: it is a function of the seed.
final class Checkpoint {
  private static final String RUN = "educe.training.run";
  private static final String HARD = "educe.training.losses";
  private static final String DIVERGENCE = "educe.training.divergences";
  private static final String MEAN = ".mean";
  private static final String SQUARE = ".square";

  private final Path path;
  private final String run;

  /// @param run a line that says which training it is of
  Checkpoint(Path path, String run) {
    this.path = path;
    this.run = run;
  }

  /// Weights and what the optimizer remembers of them.
  record Part(Parameters parameters, AdamW optimizer) {
    private Map<String, float[]> arrays() {
      return Map.of("", parameters.values(), MEAN, optimizer.means(), SQUARE, optimizer.squares());
    }
  }

  /// @param parts the student's first
  void write(Student student, List<Part> parts, History history) throws IOException {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    metadata.put(RUN, new Text(run));
    metadata.put(HARD, new Numbers(true, history.hard()));
    metadata.put(DIVERGENCE, new Numbers(true, history.divergence()));
    var tensors = new ArrayList<GgufWriter.Tensor>();
    for (var part : parts) {
      part.arrays().entrySet().stream()
          // The student's own weights it writes itself.
          .filter(array -> part != parts.getFirst() || !array.getKey().isEmpty())
          .map(array -> Student.tensors(part.parameters(), array.getKey(), array.getValue()))
          .forEach(tensors::addAll);
    }
    student.write(path, metadata, tensors);
  }

  /// Takes the training up where it stood, if there is a file.
  ///
  /// @return the steps that were taken
  /// @throws ModelFormatException if the file is damaged
  /// @throws IOException if it cannot be read, or is of another training
  Optional<History> read(List<Part> parts) throws IOException {
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    try (var file = Gguf.open(path)) {
      var metadata = file.metadata();
      String found = metadata.string(RUN);
      if (!found.equals(run)) {
        throw new IOException(
            "%s is of another training; delete it to begin anew, or write to another file"
                    .formatted(path)
                + " (it has %s; this is %s)".formatted(found, run));
      }
      var history = new History(numbers(file, HARD), numbers(file, DIVERGENCE));
      if (history.hard().length != history.divergence().length) {
        throw metadata.invalid(DIVERGENCE, history.hard().length + " numbers", "others");
      }
      for (var part : parts) {
        for (var array : part.arrays().entrySet()) {
          for (Parameter parameter : part.parameters().all()) {
            read(file, parameter, array.getKey(), array.getValue());
          }
        }
      }
      return Optional.of(history);
    }
  }

  private static double[] numbers(Gguf file, String key) throws ModelFormatException {
    return switch (file.metadata().find(key).orElse(new Number(true, 0))) {
      case Numbers(var _, var values) -> values;
      default -> throw file.metadata().invalid(key, "an array of numbers", "something else");
    };
  }

  private void read(Gguf file, Parameter parameter, String ending, float[] target)
      throws IOException {
    String name = parameter.name() + ending;
    var entry = file.tensor(name);
    if (entry.isEmpty() || !entry.get().shape().equals(parameter.shape())) {
      throw new ModelFormatException(
          "%s: %s is %s, wanted %s"
              .formatted(
                  path,
                  name,
                  entry.map(found -> found.shape().toString()).orElse("missing"),
                  parameter.shape()));
    }
    parameter.read(new RowReader(file, entry.get()), target);
  }
}
