package dev.educe.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// An open GGUF file: its metadata and directory of tensors, validated, and their bytes on demand.
///
/// Reading is positional and thread-safe. Bytes are copied into the caller's memory and never
/// mapped, so that nobody can take them away while they are in use.
public final class Gguf implements AutoCloseable {
  private Gguf() {}

  /// Opens and validates a file.
  ///
  /// @throws ModelFormatException if the file is not a valid GGUF file
  /// @throws IOException if it cannot be read
  public static Gguf open(Path path) throws IOException {
    throw new UnsupportedOperationException(path.toString());
  }

  /// How many files of this process are open; tests end with none left.
  public static int openFiles() {
    return 0;
  }

  /// The file.
  public Path path() {
    throw new UnsupportedOperationException();
  }

  /// The container's version, 2 or 3.
  public int version() {
    throw new UnsupportedOperationException();
  }

  /// Keys and values.
  public Metadata metadata() {
    throw new UnsupportedOperationException();
  }

  /// All tensors, in the file's order.
  public List<TensorEntry> tensors() {
    throw new UnsupportedOperationException();
  }

  /// The tensor of this name, if there is one.
  public Optional<TensorEntry> tensor(String name) {
    throw new UnsupportedOperationException(name);
  }

  /// Fills `target` with a tensor's bytes from `offset` (from the tensor's start) on.
  ///
  /// @throws IndexOutOfBoundsException if the range is not within the tensor
  /// @throws ModelFormatException if the file has become shorter since it was opened
  /// @throws IOException if reading fails
  public void read(TensorEntry tensor, long offset, MemorySegment target) throws IOException {
    throw new UnsupportedOperationException(tensor.name());
  }

  @Override
  public void close() throws IOException {}
}
