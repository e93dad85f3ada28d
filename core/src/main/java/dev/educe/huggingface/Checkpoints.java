package dev.educe.huggingface;

import dev.educe.format.Checkpoint;
import dev.educe.format.Gguf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Opens a checkpoint of either kind.
public final class Checkpoints {
  private Checkpoints() {}

  /// Opens a GGUF file, or a folder or safetensors file of Hugging Face's.
  ///
  /// @param preTokenizer see [HuggingFaceCheckpoint#open]; GGUF files name theirs
  /// @throws dev.educe.format.ModelFormatException if a file is damaged
  /// @throws dev.educe.format.UnsupportedModelException if a folder's model or vocabulary is of a
  ///   kind that is unknown
  /// @throws IOException if a file is missing or cannot be read
  public static Checkpoint open(Path path, Optional<String> preTokenizer) throws IOException {
    return HuggingFaceCheckpoint.isOne(path)
        ? HuggingFaceCheckpoint.open(path, preTokenizer)
        : Gguf.open(path);
  }
}
