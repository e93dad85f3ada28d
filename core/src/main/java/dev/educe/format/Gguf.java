package dev.educe.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// An open GGUF file: its metadata and directory of tensors, validated, and their bytes on demand.
///
/// Reading is positional and thread-safe. Bytes are copied into the caller's memory and never
/// mapped, so that nobody can take them away while they are in use. A file that is moved or deleted
/// while it is open can still be read; one that is written to is refused from then on. Interrupting
/// a thread that reads closes the file.
public final class Gguf implements Checkpoint {
  private final ModelFile file;
  private final GgufHeader header;
  private final Map<String, TensorEntry> tensorsByName;

  private Gguf(ModelFile file, GgufHeader header) {
    this.file = file;
    this.header = header;
    this.tensorsByName =
        header.tensors().stream()
            .collect(Collectors.toUnmodifiableMap(TensorEntry::name, Function.identity()));
  }

  /// Opens and validates a file.
  ///
  /// @throws ModelFormatException if the file is not a valid GGUF file
  /// @throws IOException if it cannot be read
  public static Gguf open(Path path) throws IOException {
    var file = ModelFile.open(path);
    try {
      return new Gguf(file, GgufHeader.read(file));
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /// How many files of this process are open; tests end with none left.
  public static int openFiles() {
    return ModelFile.openFiles();
  }

  @Override
  public Path path() {
    return file.path();
  }

  /// The container's version, 2 or 3.
  public int version() {
    return header.version();
  }

  @Override
  public Metadata metadata() {
    return header.metadata();
  }

  /// All tensors, in the file's order.
  @Override
  public List<TensorEntry> tensors() {
    return header.tensors();
  }

  @Override
  public Optional<TensorEntry> tensor(String name) {
    return Optional.ofNullable(tensorsByName.get(name));
  }

  @Override
  public void read(TensorEntry tensor, long offset, MemorySegment target) throws IOException {
    if (!tensor.equals(tensorsByName.get(tensor.name()))) {
      throw new IllegalArgumentException(
          "the tensor '%s' is not one of %s".formatted(tensor.name(), path()));
    }
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("the target is read-only");
    }
    Objects.checkFromIndexSize(offset, target.byteSize(), tensor.bytes());
    file.read(target, tensor.offset() + offset);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
