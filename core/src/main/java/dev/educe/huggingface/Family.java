package dev.educe.huggingface;

import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import java.util.Arrays;
import java.util.stream.Collectors;

/// The families of checkpoints that are read, by the `model_type` of their `config.json`.
enum Family {
  LLAMA("llama", "llama"),
  MISTRAL("mistral", "llama"),
  MIXTRAL("mixtral", "llama"),
  QWEN2("qwen2", "qwen2"),
  QWEN3("qwen3", "qwen3"),
  QWEN3_MOE("qwen3_moe", "qwen3moe");

  private final String modelType;
  private final String architecture;

  Family(String modelType, String architecture) {
    this.modelType = modelType;
    this.architecture = architecture;
  }

  /// @throws UnsupportedModelException if the configuration is of another family
  /// @throws ModelFormatException if it names none
  static Family of(Fields config) throws ModelFormatException {
    String type =
        config
            .text("model_type")
            .orElseThrow(() -> config.wrong("model_type", "there, as of 'llama'"));
    return Arrays.stream(values())
        .filter(family -> family.modelType.equals(type))
        .findFirst()
        .orElseThrow(() ->
            new UnsupportedModelException(
                "%s: models of type '%s' are not read; there are %s, and GGUF files of other kinds"
                    .formatted(
                        config.source(),
                        ModelFormatException.excerpt(type),
                        Arrays.stream(values())
                            .map(family -> family.modelType)
                            .collect(Collectors.joining(", ")))));
  }

  /// What GGUF calls it.
  String architecture() {
    return architecture;
  }
}
