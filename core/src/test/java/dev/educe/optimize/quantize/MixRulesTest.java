package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MixRulesTest {
  @TempDir Path folder;

  /// The names of a whole model, each with one row.
  private Path model(int layers, int heads, int kvHeads, int experts, boolean isTied)
      throws IOException {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    metadata.put("general.architecture", new MetadataValue.Text("llama"));
    metadata.put("llama.block_count", integer(layers));
    metadata.put("llama.attention.head_count", integer(heads));
    metadata.put("llama.attention.head_count_kv", integer(kvHeads));
    if (experts > 0) {
      metadata.put("llama.expert_count", integer(experts));
    }
    var tensors = new ArrayList<GgufWriter.Tensor>();
    tensors.add(tensor("token_embd.weight", 0));
    tensors.add(tensor("output_norm.weight", 0));
    if (!isTied) {
      tensors.add(tensor("output.weight", 0));
    }
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "blk." + layer + ".";
      for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output", "attn_norm")) {
        tensors.add(tensor(prefix + name + ".weight", 0));
      }
      for (String name : List.of("ffn_gate", "ffn_up", "ffn_down")) {
        tensors.add(tensor(prefix + name + (experts > 0 ? "_exps" : "") + ".weight", experts));
      }
      tensors.add(tensor(prefix + "ffn_gate_inp.weight", 0));
    }
    Path path = folder.resolve("names.gguf");
    GgufWriter.write(path, metadata, tensors);
    return path;
  }

  private static GgufWriter.Tensor tensor(String name, int experts) {
    Shape shape =
        name.contains("norm")
            ? Shape.of(256)
            : experts > 0 ? Shape.of(experts, 1, 256) : Shape.of(1, 256);
    return new GgufWriter.Tensor(
        name,
        DType.F32,
        shape,
        channel -> channel.write(ByteBuffer.allocate((int) shape.elements() * 4)));
  }

  private static MetadataValue integer(int value) {
    return new MetadataValue.Int(MetadataValue.IntType.UINT32, value);
  }

  /// Formats of all tensors whose name holds `part`, run lengths and names: `2 Q6_K, 14 Q4_K`.
  private static String formats(Path model, Mix mix, String part) throws IOException {
    try (var quantizer = Quantizer.open(model, QuantizeOptions.of(mix).withThreads(1))) {
      var runs = new ArrayList<String>();
      DType last = null;
      int length = 0;
      for (Plan.Step step : quantizer.plan(_ -> {}).tensors()) {
        if (!step.tensor().name().contains(part)) {
          continue;
        }
        if (last != null && step.type() != last) {
          runs.add(length + " " + last);
          length = 0;
        }
        last = step.type();
        length++;
      }
      runs.add(length + " " + last);
      return String.join(", ", runs);
    }
  }

  /// What llama.cpp's rules give a model of 16 layers, four heads to a key.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Q4_K_M | attn_v      | 2 Q6_K, … Q4_K",
        "Q4_K_M | ffn_down    | 2 Q6_K, … Q4_K",
        "Q4_K_M | attn_output | 16 Q4_K",
        "Q4_K_M | output.wei  | 1 Q6_K, 16 Q4_K",
        "Q4_K_M | token_embd  | 1 Q4_K",
        "Q4_K_S | attn_v      | 4 Q5_K, 12 Q4_K",
        "Q4_K_S | ffn_down    | 2 Q5_K, 14 Q4_K",
        "Q5_K_M | attn_v      | 2 Q6_K, … Q5_K",
        "Q5_K_S | ffn_down    | 16 Q5_K",
        "Q3_K_M | attn_v      | 2 Q5_K, 14 Q4_K",
        "Q3_K_M | ffn_down    | 1 Q5_K, 15 Q4_K",
        "Q3_K_M | attn_output | 16 Q4_K",
        "Q3_K_L | attn_output | 16 Q5_K",
        "Q3_K_S | attn_v      | 16 Q3_K",
        "Q2_K   | attn_v      | 16 Q4_K",
        "Q2_K   | ffn_down    | 16 Q3_K",
        "Q2_K   | ffn_up      | 16 Q2_K",
        "IQ4_XS | attn_v      | 16 Q5_K",
        "IQ4_XS | ffn_down    | 2 Q5_K, 14 IQ4_XS",
        "Q8_0   | attn_v      | 16 Q8_0",
        "Q4_0   | ffn_down    | 16 Q4_0",
        "Q4_0   | gate_inp    | 16 F32",
        "Q4_0   | norm        | 17 F32",
        "BF16   | ffn_up      | 16 BF16",
      })
  void sensitiveMatricesGetMore(Mix mix, String part, String expected) throws IOException {
    assertEquals(spelled(expected), formats(model(16, 32, 8, 0, false), mix, part));
  }

  /// Every third of the layers between the first and the last two has the better format as well.
  private static String spelled(String expected) {
    int at = expected.indexOf("… ");
    if (at < 0) {
      return expected;
    }
    String plain = "2 " + expected.substring(at + 2) + ", ";
    return expected.substring(0, at) + (plain + "1 Q6_K, ").repeat(3) + plain + "3 Q6_K";
  }

  @Test
  void expertsAndTiedModelsHaveRulesOfTheirOwn() throws IOException {
    Path experts = model(4, 32, 8, 8, true);
    assertEquals("4 Q8_0", formats(experts, Mix.Q4_K_M, "attn_k."));
    assertEquals("4 Q8_0", formats(experts, Mix.Q4_K_M, "attn_v"));
    assertEquals("4 Q5_K", formats(experts, Mix.Q4_K_M, "attn_output"));
    assertEquals("1 Q6_K", formats(experts, Mix.Q4_K_M, "token_embd"));
    assertEquals("4 MXFP4", formats(experts, Mix.MXFP4_MOE, "ffn_up"));
    assertEquals("4 Q8_0", formats(experts, Mix.MXFP4_MOE, "attn_q"));
  }

  @Test
  void theSeventyBillionModelHasBetterValues() throws IOException {
    assertEquals("80 Q5_K", formats(model(80, 64, 8, 0, false), Mix.Q2_K, "attn_v"));
  }

  @ParameterizedTest
  @CsvSource({
    "Q4_K, 256, Q4_K", "Q4_K, 288, Q5_0", "Q5_K, 288, Q5_1", "Q6_K, 288, Q8_0",
    "Q3_K, 288, Q4_0", "Q2_K, 288, Q4_0", "IQ4_XS, 288, IQ4_NL", "Q4_0, 172, F16",
    "Q4_K, 172, F16", "Q8_0, 172, F16", "F16, 172, F16"
  })
  void rowsThatAreNotWholeBlocksFallBack(DType type, long columns, DType expected) {
    assertEquals(expected, MixRules.fitting(type, columns));
  }

  @Test
  void mixesAreFoundByName() {
    assertEquals(Mix.Q4_K_M, Mix.of("q4_k_m").orElseThrow());
    assertEquals(Mix.Q4_K_M, Mix.of("Q4_K").orElseThrow());
    assertEquals(Mix.Q6_K, Mix.of("q6_k").orElseThrow());
    assertTrue(Mix.of("Q9").isEmpty());
    assertTrue(Mix.names().contains("IQ4_XS"));
  }
}
