package dev.educe.format;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Writes GGUF v3 files: metadata in the given order, then tensors, streamed one at a time.
public final class GgufWriter {
  private GgufWriter() {}

  /// A tensor to be written.
  ///
  /// @param shape outermost dimension first
  /// @param content writes exactly the tensor's bytes
  public record Tensor(String name, DType type, Shape shape, Content content) {}

  /// Writes a tensor's bytes, in the file's layout.
  @FunctionalInterface
  public interface Content {
    void writeTo(WritableByteChannel target) throws IOException;
  }

  /// Writes a whole file beside `path` and then moves it there, so that no half file is ever seen.
  ///
  /// @throws IOException if writing fails
  /// @throws IllegalArgumentException if a tensor's content has not the size that its shape says
  public static void write(Path path, Map<String, MetadataValue> metadata, List<Tensor> tensors)
      throws IOException {
    throw new UnsupportedOperationException(path.toString());
  }
}
