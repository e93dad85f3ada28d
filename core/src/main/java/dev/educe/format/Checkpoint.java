package dev.educe.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A trained model as it is stored: what it says of itself, and its tensors by their canonical
/// names, whatever the container.
///
/// Reading is positional and thread-safe; bytes are copied into the caller's memory.
public interface Checkpoint extends AutoCloseable {
  /// The file or folder.
  Path path();

  /// Keys and values, those of GGUF.
  Metadata metadata();

  /// All tensors.
  List<TensorEntry> tensors();

  /// The tensor of this name, if there is one.
  Optional<TensorEntry> tensor(String name);

  /// Fills `target` with a tensor's bytes from `offset` (from the tensor's start) on.
  ///
  /// @throws IndexOutOfBoundsException if the range is not within the tensor
  /// @throws IllegalArgumentException if the tensor is not of this checkpoint, or `target` is
  ///   read-only
  /// @throws ModelFormatException if a file was changed since it was opened; what `target` holds
  ///   then is undefined
  /// @throws IOException if reading fails
  void read(TensorEntry tensor, long offset, MemorySegment target) throws IOException;

  /// Closes what is open; a second call does nothing.
  @Override
  void close() throws IOException;
}
