package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.Metadata;
import dev.educe.format.TensorEntry;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// A checkpoint of which some tensors are replaced by others, to see what becomes of the model.
///
/// @param replaced by name; bytes in their formats' layouts
record PartlyQuantized(Checkpoint whole, Map<String, Replaced> replaced) implements Checkpoint {
  /// A tensor in another format.
  record Replaced(TensorEntry entry, byte[] bytes) {
    static Replaced of(TensorEntry tensor, DType type, byte[] bytes) {
      var entry = new TensorEntry(tensor.name(), type, tensor.shape(), 0, bytes.length);
      return new Replaced(entry, bytes);
    }
  }

  @Override
  public Path path() {
    return whole.path();
  }

  @Override
  public Metadata metadata() {
    return whole.metadata();
  }

  @Override
  public List<TensorEntry> tensors() {
    return whole.tensors().stream()
        .map(tensor ->
            replaced.containsKey(tensor.name()) ? replaced.get(tensor.name()).entry() : tensor)
        .toList();
  }

  @Override
  public Optional<TensorEntry> tensor(String name) {
    return replaced.containsKey(name)
        ? Optional.of(replaced.get(name).entry())
        : whole.tensor(name);
  }

  @Override
  public void read(TensorEntry tensor, long offset, MemorySegment target) throws IOException {
    var other = replaced.get(tensor.name());
    if (other == null) {
      whole.read(tensor, offset, target);
      return;
    }
    Objects.checkFromIndexSize(offset, target.byteSize(), other.bytes().length);
    target.copyFrom(MemorySegment.ofArray(other.bytes()).asSlice(offset, target.byteSize()));
  }

  /// Leaves the whole open, which is borrowed.
  @Override
  public void close() {}
}
