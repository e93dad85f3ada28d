package dev.educe.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.TinyCheckpoints;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WeightsTest {
  private static final Set<DType> SUPPORTED = Set.of(DType.F32, DType.Q4_0);

  private final TinyCheckpoints llama = TinyCheckpoints.of("llama", DType.F32);

  @Test
  void missingAndMisshapenTensorsAreNamedTogether() throws ModelFormatException {
    var tensors = entries(llama);
    tensors.removeIf(tensor -> tensor.name().equals("blk.1.ffn_up.weight"));
    reshape(tensors, "blk.0.attn_q.weight", Shape.of(32, 64));
    assertEquals(
        "tiny.gguf: the tensors are not those of its architecture: blk.0.attn_q.weight is [32, 64],"
            + " wanted [64, 64]; blk.1.ffn_up.weight is missing, wanted [96, 64]",
        assertThrows(ModelFormatException.class, () -> bind(llama, tensors)).getMessage());
  }

  @Test
  void onlyTheFirstFiveMistakesAreNamed() throws ModelFormatException {
    var tensors = entries(llama);
    tensors.removeIf(tensor -> tensor.name().startsWith("blk.1."));
    var message = assertThrows(ModelFormatException.class, () -> bind(llama, tensors)).getMessage();
    assertEquals(5, message.split("is missing", -1).length - 1, message);
    assertEquals("and 4 more", message.substring(message.lastIndexOf(';') + 2));
  }

  @Test
  void anEmbeddingOfAnotherVocabularyIsRefused() throws ModelFormatException {
    var tensors = entries(llama);
    reshape(tensors, "token_embd.weight", Shape.of(500, 64));
    assertEquals(
        "tiny.gguf: the tensors are not those of its architecture: token_embd.weight is [500, 64],"
            + " wanted [292, 64]",
        assertThrows(ModelFormatException.class, () -> bind(llama, tensors)).getMessage());
  }

  @Test
  void surplusTensorsAreOneWarning() throws ModelFormatException {
    var tensors = entries(llama);
    assertEquals(true, bind(llama, tensors).warning().isEmpty());
    for (int i = 0; i < 7; i++) {
      tensors.add(entry("extra." + i, DType.I32, Shape.of(3)));
    }
    var weights = bind(llama, tensors);
    assertEquals(7, weights.surplus().size());
    assertEquals(
        "7 tensors of the file are not used: extra.0, extra.1, extra.2, extra.3, extra.4, and 2"
            + " more",
        weights.warning().orElseThrow());
  }

  @Test
  void typesWithoutKernelsAreNamedWithWhatThereIs() throws ModelFormatException {
    var tensors = entries(llama);
    retype(tensors, "blk.0.attn_q.weight", DType.IQ1_S);
    assertEquals(
        "tiny.gguf: tensors are of a type that is not supported: blk.0.attn_q.weight is IQ1_S;"
            + " supported are F32, Q4_0",
        assertThrows(UnsupportedModelException.class, () -> bind(llama, tensors)).getMessage());
  }

  @Test
  void normsAndRoutersArePlainFloats() throws ModelFormatException {
    var mixture = TinyCheckpoints.of("qwen3moe", DType.F32);
    for (var name : List.of("output_norm.weight", "blk.1.ffn_gate_inp.weight")) {
      var tensors = entries(mixture);
      retype(tensors, name, DType.BF16);
      bind(mixture, tensors);
      retype(tensors, name, DType.Q4_0);
      assertEquals(
          "tiny.gguf: tensors are of a type that is not supported: "
              + name
              + " is Q4_0; supported for norms, biases and routers are F32, F16, BF16",
          assertThrows(UnsupportedModelException.class, () -> bind(mixture, tensors)).getMessage());
    }
  }

  @Test
  void anOutputOfItsOwnIsPreferredToTheEmbedding() throws ModelFormatException {
    assertEquals("output.weight", bind(llama, entries(llama)).output().spec().name());
    llama.tied();
    assertEquals("token_embd.weight", bind(llama, entries(llama)).output().spec().name());
  }

  @Test
  void optionalWeightsAreFoundWhereTheyAre() throws ModelFormatException {
    var decoder = Architectures.describe(llama.metadata());
    var bias =
        decoder.weights().stream().filter(s -> s.name().equals("blk.0.attn_output.bias")).findAny();
    assertEquals(true, bind(llama, entries(llama)).find(bias.orElseThrow()).isEmpty());
    var absent = bind(llama, entries(llama));
    assertThrows(IllegalArgumentException.class, () -> absent.get(bias.orElseThrow()));
    llama.withOptional(".bias").withOptional("rope_freqs.weight");
    var weights = bind(llama, entries(llama));
    assertEquals(Shape.of(64), weights.get(bias.orElseThrow()).parts().getFirst().shape());
    // All but the optional output bias of each kind: 7 a layer, one of the output, one factor.
    assertEquals(2 * (9 + 7) + 3 + 1 + 1, weights.all().size());
  }

  @Test
  void leadingOnesOfAShapeDoNotMatter() throws ModelFormatException {
    var tensors = entries(llama);
    reshape(tensors, "output_norm.weight", Shape.of(1, 64));
    assertEquals(Shape.of(64), bind(llama, tensors).get(norm()).spec().shape());
  }

  private WeightSpec norm() throws ModelFormatException {
    return Architectures.describe(llama.metadata()).output().norm().weight();
  }

  @Test
  void expertsMayBeOneTensorEach() throws ModelFormatException {
    var mixture = TinyCheckpoints.of("llama", DType.F32).withExperts(4, 2);
    var tensors = separated(entries(mixture));
    var weights = bind(mixture, tensors);
    assertEquals(true, weights.surplus().isEmpty());
    var gates =
        weights.all().stream()
            .filter(weight -> weight.spec().name().equals("blk.1.ffn_gate_exps.weight"))
            .findAny()
            .orElseThrow();
    assertEquals(
        IntStream.range(0, 4).mapToObj("blk.1.ffn_gate.%d.weight"::formatted).toList(),
        gates.parts().stream().map(TensorEntry::name).toList());
    assertEquals(4 * 96 * 64 * 4, gates.bytes());
    assertFalse(gates.spec().optional());
  }

  @Test
  void expertsApartMustBeCompleteAndAlike() throws ModelFormatException {
    var mixture = TinyCheckpoints.of("llama", DType.F32).withExperts(4, 2);
    var short3 = separated(entries(mixture));
    short3.removeIf(tensor -> tensor.name().equals("blk.1.ffn_up.3.weight"));
    assertEquals(
        "tiny.gguf: the tensors are not those of its architecture: blk.1.ffn_up_exps.weight has 3"
            + " experts, wanted 4",
        assertThrows(ModelFormatException.class, () -> bind(mixture, short3)).getMessage());
    var mixed = separated(entries(mixture));
    retype(mixed, "blk.1.ffn_up.3.weight", DType.Q4_0);
    assertEquals(
        "tiny.gguf: the tensors are not those of its architecture: blk.1.ffn_up.3.weight is Q4_0,"
            + " wanted F32 as the experts before it",
        assertThrows(ModelFormatException.class, () -> bind(mixture, mixed)).getMessage());
  }

  private static Weights bind(TinyCheckpoints checkpoint, List<TensorEntry> tensors)
      throws ModelFormatException {
    var decoder = Architectures.describe(checkpoint.metadata());
    return Weights.bind("tiny.gguf", decoder, tensors, SUPPORTED::contains);
  }

  private static List<TensorEntry> entries(TinyCheckpoints checkpoint) throws ModelFormatException {
    var entries = new ArrayList<TensorEntry>();
    for (var tensor : checkpoint.tensors()) {
      entries.add(entry(tensor.name(), tensor.type(), tensor.shape()));
    }
    return entries;
  }

  private static TensorEntry entry(String name, DType type, Shape shape) {
    return new TensorEntry(name, type, shape, 0, shape.rows() * type.rowBytes(shape.columns()));
  }

  private static List<TensorEntry> separated(List<TensorEntry> tensors) {
    var separated = new ArrayList<TensorEntry>();
    for (var tensor : tensors) {
      if (!tensor.name().contains("_exps.")) {
        separated.add(tensor);
        continue;
      }
      var dimensions = tensor.shape().dimensions();
      for (int expert = 0; expert < dimensions.getFirst(); expert++) {
        var name = tensor.name().replace("_exps.", "." + expert + ".");
        separated.add(entry(name, tensor.type(), new Shape(dimensions.subList(1, 3))));
      }
    }
    return separated;
  }

  private static void reshape(List<TensorEntry> tensors, String name, Shape shape) {
    tensors.replaceAll(t -> t.name().equals(name) ? entry(name, t.type(), shape) : t);
  }

  private static void retype(List<TensorEntry> tensors, String name, DType type) {
    // Only the directory's line changes, so whole blocks do not matter.
    tensors.replaceAll(
        t -> t.name().equals(name) ? new TensorEntry(name, type, t.shape(), 0, t.bytes()) : t);
  }
}
