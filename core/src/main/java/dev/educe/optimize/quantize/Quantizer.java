package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.huggingface.Checkpoints;
import dev.educe.huggingface.HuggingFaceCheckpoint;
import dev.educe.optimize.ImportanceMatrix;
import dev.educe.platform.Machine;
import dev.educe.platform.Workers;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import java.util.function.LongConsumer;

/// Writes a checkpoint anew with smaller formats.
///
/// Tensors are read, encoded and written a few million weights at a time. Not thread-safe.
public final class Quantizer implements AutoCloseable {
  private static final int COPY_BYTES = 1 << 22;

  /// ggml's version of the layouts.
  private static final int QUANTIZATION_VERSION = 2;

  private static final List<String> SPLIT_KEYS =
      List.of("split.no", "split.count", "split.tensors.count");

  private final Checkpoint file;
  private final QuantizeOptions options;
  private final Workers workers;

  private Quantizer(Checkpoint file, QuantizeOptions options) {
    this.file = file;
    this.options = options;
    int threads = options.threads() == 0 ? Machine.physicalCores() : options.threads();
    this.workers = new Workers(threads);
  }

  /// Opens a checkpoint: a GGUF file, or a folder or safetensors file of Hugging Face's.
  ///
  /// @throws ModelFormatException if a file is damaged
  /// @throws UnsupportedModelException if a folder's model or vocabulary is of an unknown kind
  /// @throws IOException if it cannot be read
  public static Quantizer open(Path path, QuantizeOptions options) throws IOException {
    var file = Checkpoints.open(path, options.preTokenizer());
    try {
      return new Quantizer(file, options);
    } catch (RuntimeException | Error failed) {
      file.close();
      throw failed;
    }
  }

  /// Decides the format of every tensor; with a budget, by measuring.
  ///
  /// @param progress is told the share that is done, 0 to 1
  /// @throws IllegalArgumentException if the budget is below what is possible
  /// @throws UnsupportedModelException if a tensor has a format that cannot be read
  /// @throws ModelFormatException if the file, or the importance matrix for it, is wrong
  /// @throws IOException if reading fails
  public Plan plan(DoubleConsumer progress) throws IOException {
    return switch (options.goal()) {
      case QuantizeOptions.Named(Mix mix) -> planOf(mix);
      case QuantizeOptions.Within(Budget budget, var sample) ->
          new BudgetPlanner(file, options, workers, progress).plan(budget, sample);
    };
  }

  private Plan planOf(Mix mix) throws ModelFormatException {
    var rules = new MixRules(mix, file, options.hasImportance());
    var steps = new ArrayList<Plan.Step>();
    for (TensorEntry tensor : file.tensors()) {
      DType type = tensor.type();
      if (TensorRole.isMatrix(tensor)) {
        DType wanted =
            options
                .override(tensor.name())
                .orElseGet(() -> options.isPure() ? mix.base() : rules.type(tensor));
        type = MixRules.fitting(wanted, tensor.shape().columns());
      }
      steps.add(step(tensor, type));
    }
    return new Plan(steps);
  }

  /// @throws UnsupportedModelException if the tensor must be read and cannot
  static Plan.Step step(TensorEntry tensor, DType type) {
    var step = new Plan.Step(tensor, type);
    if (step.isConverted() && !RowReader.isReadable(tensor.type())) {
      throw new UnsupportedModelException(
          "the tensor %s is stored as %s, which cannot be read; start from F32, F16 or BF16"
              .formatted(tensor.name(), tensor.type()));
    }
    return step;
  }

  /// Writes the file; what was there of that name is replaced in one move at the end.
  ///
  /// @param progress is told the share that is done, 0 to 1
  /// @throws IllegalArgumentException if `target` is the checkpoint itself
  /// @throws java.util.concurrent.CancellationException if this thread is interrupted
  /// @throws ModelFormatException if a tensor holds what its format cannot
  /// @throws IOException if reading or writing fails, or the disk has too little room
  public void write(Plan plan, Path target, DoubleConsumer progress) throws IOException {
    checkTarget(plan, target);
    long all = plan.weights();
    var done = new long[1];
    LongConsumer count =
        weights -> {
          done[0] += weights;
          progress.accept((double) done[0] / all);
        };
    var tensors = new ArrayList<GgufWriter.Tensor>();
    for (Plan.Step step : plan.tensors()) {
      TensorEntry tensor = step.tensor();
      var weights = ColumnWeights.of(tensor, options);
      GgufWriter.Content content =
          step.isConverted()
              ? channel ->
                  new TensorConversion(file, tensor, step.type(), weights, options.moments())
                      .write(channel, workers, count)
              : channel -> copy(tensor, channel, count);
      tensors.add(new GgufWriter.Tensor(tensor.name(), step.type(), tensor.shape(), content));
    }
    GgufWriter.write(target, metadata(plan), tensors);
  }

  private void checkTarget(Plan plan, Path target) throws IOException {
    if (Files.exists(target) && Files.isSameFile(target, file.path())) {
      throw new IllegalArgumentException(
          target + " cannot be read and replaced at once; give the result another name");
    }
    if (HuggingFaceCheckpoint.isOne(target)) {
      throw new IOException(target + " is no name for the GGUF file that is written");
    }
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IOException("there is no directory " + folder);
    }
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < plan.bytes()) {
      throw new IOException(
          "%s needs %,d MB, and its disk has %,d MB free"
              .formatted(target, plan.bytes() / 1_000_000, free / 1_000_000));
    }
  }

  private void copy(TensorEntry tensor, WritableByteChannel target, LongConsumer count)
      throws IOException {
    var buffer = new byte[(int) Math.min(COPY_BYTES, tensor.bytes())];
    for (long at = 0; at < tensor.bytes(); at += buffer.length) {
      int bytes = (int) Math.min(buffer.length, tensor.bytes() - at);
      file.read(tensor, at, MemorySegment.ofArray(buffer).asSlice(0, bytes));
      target.write(ByteBuffer.wrap(buffer, 0, bytes));
    }
    count.accept(tensor.shape().elements());
  }

  private Map<String, MetadataValue> metadata(Plan plan) {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    for (String key : file.metadata().keys()) {
      metadata.put(key, file.metadata().find(key).orElseThrow());
    }
    metadata.keySet().removeAll(SPLIT_KEYS);
    metadata.put("general.quantization_version", integer(QUANTIZATION_VERSION));
    metadata.put("general.file_type", integer(fileType(plan)));
    options.importance().ifPresent(importance -> describe(importance, metadata));
    return metadata;
  }

  private long fileType(Plan plan) {
    return switch (options.goal()) {
      case QuantizeOptions.Named(Mix mix) -> mix.fileType();
      case QuantizeOptions.Within _ ->
          plan.weightsByType().entrySet().stream()
              .max(Map.Entry.comparingByValue())
              .map(most -> Mix.mostly(most.getKey()).fileType())
              .orElse(0);
    };
  }

  private static void describe(ImportanceMatrix importance, Map<String, MetadataValue> metadata) {
    metadata.put(
        "quantize.imatrix.dataset",
        new MetadataValue.Text(String.join(", ", importance.datasets())));
    metadata.put("quantize.imatrix.entries_count", integer(importance.tensors().size()));
    metadata.put("quantize.imatrix.chunks_count", integer(importance.chunks()));
  }

  private static MetadataValue integer(long value) {
    return new MetadataValue.Int(MetadataValue.IntType.UINT32, value);
  }

  /// Closes the checkpoint and ends the threads; a second call does nothing.
  @Override
  public void close() throws IOException {
    workers.close();
    file.close();
  }
}
