package dev.educe.huggingface;

import dev.educe.format.ModelFormatException;
import dev.educe.format.Safetensors;
import dev.educe.format.TensorEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The safetensors files that together hold a checkpoint's tensors, open.
final class Shards implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /// A file of the same folder, and nothing else.
  private static final Pattern FILE_NAME = Pattern.compile("[\\w.\\-]+\\.safetensors");

  private final Map<String, Stored> tensors = new LinkedHashMap<>();
  private final List<Safetensors> files = new ArrayList<>();

  private Shards() {}

  /// A tensor and the file that it is in.
  record Stored(Safetensors file, TensorEntry entry) {}

  /// Opens the one file, or those that the index names.
  ///
  /// @throws ModelFormatException if a file is damaged, or they do not hold what the index says
  /// @throws IOException if there is none, or one cannot be read
  static Shards open(Path folder) throws IOException {
    Path index = folder.resolve(INDEX);
    if (Files.isRegularFile(folder.resolve(SINGLE)) || !Files.isRegularFile(index)) {
      return open(folder, List.of(SINGLE));
    }
    var map = Fields.read(index).object("weight_map");
    if (map.isEmpty()) {
      throw new ModelFormatException(index + ": 'weight_map' is missing");
    }
    var files = new TreeSet<String>();
    for (String tensor : map.get().names()) {
      String file = map.get().text(tensor).orElse("");
      if (!FILE_NAME.matcher(file).matches()) {
        throw map.get().wrong(tensor, "the name of a safetensors file in the folder");
      }
      files.add(file);
    }
    var shards = open(folder, List.copyOf(files));
    for (String tensor : map.get().names()) {
      if (!shards.tensors.containsKey(tensor)) {
        shards.close();
        throw new ModelFormatException(
            "%s: the tensor '%s' is in none of its files"
                .formatted(index, ModelFormatException.excerpt(tensor)));
      }
    }
    return shards;
  }

  /// Opens files of a folder.
  static Shards open(Path folder, List<String> names) throws IOException {
    var shards = new Shards();
    try {
      for (String name : names) {
        shards.add(folder.resolve(name));
      }
      return shards;
    } catch (IOException | RuntimeException | Error failed) {
      shards.close();
      throw failed;
    }
  }

  private void add(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          path.toString(), null, "weights are read from safetensors files, which are not there");
    }
    var file = Safetensors.open(path);
    files.add(file);
    for (TensorEntry entry : file.tensors()) {
      var other = tensors.putIfAbsent(entry.name(), new Stored(file, entry));
      if (other != null) {
        throw new ModelFormatException(
            "%s: the tensor '%s' is also in %s"
                .formatted(
                    path,
                    ModelFormatException.excerpt(entry.name()),
                    other.file().path().getFileName()));
      }
    }
  }

  /// All tensors by the names that they have in the files.
  Map<String, Stored> tensors() {
    return tensors;
  }

  @Override
  public void close() throws IOException {
    for (Safetensors file : files) {
      file.close();
    }
  }
}
