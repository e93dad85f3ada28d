package dev.educe.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// An open safetensors file: its directory of tensors, validated, and their bytes on demand.
///
/// Names are those of whoever wrote it, and nothing says what the model is: that stands in files
/// beside it. Thread-safe, as [Gguf] is.
public final class Safetensors implements AutoCloseable {
  private final ModelFile file;
  private final List<TensorEntry> tensors;

  private Safetensors(ModelFile file, List<TensorEntry> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /// Opens and validates a file.
  ///
  /// @throws ModelFormatException if it is not a valid safetensors file, or a tensor is of a type
  ///   other than F32, F16 and BF16
  /// @throws IOException if it cannot be read
  public static Safetensors open(Path path) throws IOException {
    var file = ModelFile.open(path);
    try {
      return new Safetensors(file, SafetensorsHeader.read(file));
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /// The file.
  public Path path() {
    return file.path();
  }

  /// All tensors, in the order of their bytes.
  public List<TensorEntry> tensors() {
    return tensors;
  }

  /// Fills `target` with bytes of one of [#tensors], from `offset` (from the tensor's start) on.
  ///
  /// @throws IndexOutOfBoundsException if the range is not within the tensor
  /// @throws ModelFormatException if the file was changed since it was opened; what `target` holds
  ///   then is undefined
  /// @throws IOException if reading fails
  public void read(TensorEntry tensor, long offset, MemorySegment target) throws IOException {
    Objects.checkFromIndexSize(offset, target.byteSize(), tensor.bytes());
    file.read(target, tensor.offset() + offset);
  }

  /// Closes the file; a second call does nothing.
  @Override
  public void close() throws IOException {
    file.close();
  }
}
