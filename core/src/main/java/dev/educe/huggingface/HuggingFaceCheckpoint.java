package dev.educe.huggingface;

import dev.educe.format.Checkpoint;
import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.huggingface.Directory.Made;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// A folder as Hugging Face publishes checkpoints, read as the GGUF file that llama.cpp's
/// `convert_hf_to_gguf.py` would make of it.
///
/// | file                                               |                                     |
/// |----------------------------------------------------|-------------------------------------|
/// | `config.json`                                      | hyperparameters                     |
/// | `model.safetensors`, or an index and several files | tensors: F32, F16 or BF16           |
/// | `tokenizer.json`                                   | vocabulary, merges, special tokens  |
/// | `tokenizer_config.json`, `generation_config.json`  | which tokens begin and end what     |
/// | `chat_template.jinja`                              | the template, where it stands there |
///
/// Tensors are made when they are read, a few rows or a head at a time.
public final class HuggingFaceCheckpoint implements Checkpoint {
  private static final String CONFIG = "config.json";
  private static final long TEMPLATE_BYTES_MAX = 1 << 22;

  private final Path path;
  private final Metadata metadata;
  private final Shards shards;
  private final Map<String, Made> tensors;

  private HuggingFaceCheckpoint(Path path, Metadata metadata, Shards shards, List<Made> made) {
    this.path = path;
    this.metadata = metadata;
    this.shards = shards;
    this.tensors = new LinkedHashMap<>();
    made.forEach(each -> tensors.put(each.entry().name(), each));
  }

  /// Whether a path is that of a folder or of a safetensors file, which is one file of a folder.
  public static boolean isOne(Path path) {
    return Files.isDirectory(path) || path.toString().endsWith(".safetensors");
  }

  /// Opens and validates a folder, or the folder of a safetensors file with the tensors of that
  /// file alone.
  ///
  /// @param preTokenizer the name of how text is cut into words (`tokenizer.ggml.pre`), for a
  ///   vocabulary that is not recognized; otherwise empty
  /// @throws ModelFormatException if a file is damaged, or they do not fit together
  /// @throws dev.educe.format.UnsupportedModelException if the model or its vocabulary is of a kind
  ///   that is unknown, or asks for something that is not done
  /// @throws IOException if a file is missing or cannot be read
  public static HuggingFaceCheckpoint open(Path path, Optional<String> preTokenizer)
      throws IOException {
    boolean isFolder = Files.isDirectory(path);
    Path folder = isFolder ? path : path.toAbsolutePath().getParent();
    if (!Files.isRegularFile(folder.resolve(CONFIG))) {
      throw new NoSuchFileException(
          folder.resolve(CONFIG).toString(),
          null,
          "a checkpoint of Hugging Face is a folder with config.json, tokenizer.json and"
              + " model.safetensors");
    }
    var config = Config.of(Fields.read(folder.resolve(CONFIG)));
    var keys = new Keys(config.family().architecture() + ".");
    config.put(keys);
    keys.put("general.type", "model");
    Optional.ofNullable(folder.toRealPath().getFileName())
        .ifPresent(name -> keys.put("general.name", name.toString()));
    var vocabulary = VocabularyFiles.read(folder);
    vocabulary.put(keys, config, preTokenizer);
    template(folder).ifPresent(text -> keys.put("tokenizer.chat_template", text));
    var metadata = new Metadata(path.toString(), keys.values());
    var shards =
        isFolder
            ? Shards.open(folder)
            : Shards.open(folder, List.of(path.getFileName().toString()));
    try {
      // A GGUF file's header is about as large as what the vocabulary is read from.
      var made = Directory.of(shards, config, metadata, vocabulary.bytes());
      return new HuggingFaceCheckpoint(path, metadata, shards, made);
    } catch (IOException | RuntimeException | Error failed) {
      shards.close();
      throw failed;
    }
  }

  /// The template that newer checkpoints keep in a file of its own.
  private static Optional<String> template(Path folder) throws IOException {
    Path file = folder.resolve("chat_template.jinja");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    if (Files.size(file) > TEMPLATE_BYTES_MAX) {
      throw new ModelFormatException(
          "%s: is larger than %,d bytes".formatted(file, TEMPLATE_BYTES_MAX));
    }
    return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Metadata metadata() {
    return metadata;
  }

  /// All tensors, in the order in which the model uses them; offsets are about those that they
  /// would have in a GGUF file.
  @Override
  public List<TensorEntry> tensors() {
    return tensors.values().stream().map(Made::entry).toList();
  }

  @Override
  public Optional<TensorEntry> tensor(String name) {
    return Optional.ofNullable(tensors.get(name)).map(Made::entry);
  }

  /// Fills `target` with a tensor's bytes; a range of a norm, a bias or a router holds whole
  /// numbers.
  @Override
  public void read(TensorEntry tensor, long offset, MemorySegment target) throws IOException {
    Made made = tensors.get(tensor.name());
    if (made == null || !made.entry().equals(tensor)) {
      throw new IllegalArgumentException(
          "the tensor '%s' is not one of %s".formatted(tensor.name(), path));
    }
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("the target is read-only");
    }
    Objects.checkFromIndexSize(offset, target.byteSize(), tensor.bytes());
    made.content().read(offset, target);
  }

  @Override
  public void close() throws IOException {
    shards.close();
  }
}
