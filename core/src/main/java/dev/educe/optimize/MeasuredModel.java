package dev.educe.optimize;

import dev.educe.backend.Batch;
import dev.educe.backend.ProductObserver;
import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.format.Checkpoint;
import dev.educe.huggingface.Checkpoints;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Decoder;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.platform.Machine;
import dev.educe.platform.Workers;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// A model that is loaded to be measured: reads one text at a time, without an engine.
///
/// Not thread-safe.
public final class MeasuredModel implements AutoCloseable {
  // Tokens that are read at once: enough to be bound by arithmetic, not by memory.
  private static final int BATCH_TOKENS = 512;

  // Logits of all positions are wanted; of a large vocabulary, not of so many at once.
  private static final long LOGITS_BYTES_MAX = 64L << 20;

  private static final int PAGE_TOKENS = 64;

  private final Path path;
  private final Tokenizer tokenizer;
  private final Weights weights;
  private final Workers workers;
  private final CpuExecutor executor;
  private final Batch batch;
  private final int contextTokens;

  private MeasuredModel(
      Path path,
      Tokenizer tokenizer,
      Weights weights,
      Workers workers,
      CpuExecutor executor,
      int contextTokens) {
    this.path = path;
    this.tokenizer = tokenizer;
    this.weights = weights;
    this.workers = workers;
    this.executor = executor;
    this.batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
    this.contextTokens = contextTokens;
  }

  /// Loads a model as its file describes it: a GGUF file, or a folder of Hugging Face's.
  ///
  /// @throws dev.educe.format.ModelFormatException if the file is damaged or not what it claims
  /// @throws dev.educe.format.UnsupportedModelException if its architecture or a format is unknown
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the memory budget
  /// @throws IOException if it cannot be read
  public static MeasuredModel load(Path path, ReadingOptions options) throws IOException {
    return load(path, options, UnaryOperator.identity(), ProductObserver.NONE);
  }

  /// Loads a model, perhaps only parts of it.
  ///
  /// @param description turns the file's description into the one that is run: without a layer
  /// @param observer sees what the weights are multiplied with, on the thread that reads
  /// @throws dev.educe.format.ModelFormatException if the file is damaged or not what it claims
  /// @throws dev.educe.format.UnsupportedModelException if its architecture or a format is unknown
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the memory budget
  /// @throws IOException if it cannot be read
  public static MeasuredModel load(
      Path path,
      ReadingOptions options,
      UnaryOperator<Decoder> description,
      ProductObserver observer)
      throws IOException {
    try (var file = Checkpoints.open(path, Optional.empty())) {
      return load(file, options, description, observer);
    }
  }

  /// Loads a model that is open already, and stays so.
  ///
  /// @throws dev.educe.format.ModelFormatException if the file is damaged or not what it claims
  /// @throws dev.educe.format.UnsupportedModelException if its architecture or a format is unknown
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the memory budget
  /// @throws IOException if it cannot be read
  public static MeasuredModel load(Checkpoint file, ReadingOptions options) throws IOException {
    return load(file, options, UnaryOperator.identity(), ProductObserver.NONE);
  }

  private static MeasuredModel load(
      Checkpoint file,
      ReadingOptions options,
      UnaryOperator<Decoder> description,
      ProductObserver observer)
      throws IOException {
    Path path = file.path();
    var kernels = KernelSelector.select(options.kernels()).kernels();
    Decoder decoder = description.apply(Architectures.describe(file.metadata()));
    var tokenizer = Tokenizer.of(file.metadata());
    var weights =
        Weights.bind(path.getFileName().toString(), decoder, file.tensors(), PanelLayout::supports);
    int threads = options.threads() == 0 ? Machine.physicalCores() : options.threads();
    var workers = new Workers(threads);
    try {
      var executor =
          CpuExecutor.load(
              file,
              weights,
              kernels,
              workers,
              options.budget(),
              executorOptions(options, decoder),
              options.progress(),
              observer);
      return new MeasuredModel(
          path, tokenizer, weights, workers, executor, options.contextTokens());
    } catch (IOException | RuntimeException | Error failed) {
      workers.close();
      throw failed;
    }
  }

  private static CpuExecutor.Options executorOptions(ReadingOptions options, Decoder decoder) {
    int tokens = Math.min(BATCH_TOKENS, options.contextTokens());
    long rows = LOGITS_BYTES_MAX / ((long) decoder.vocabularySize() * Float.BYTES);
    return new CpuExecutor.Options(
        options.kv(),
        Math.ceilDiv(options.contextTokens(), PAGE_TOKENS),
        PAGE_TOKENS,
        options.contextTokens(),
        tokens,
        Math.clamp(rows, Math.min(16, tokens), tokens),
        false);
  }

  /// Begins to read a text whose logits are wanted from a position on.
  ///
  /// @param logitsFrom the first position whose logits are wanted; the text's length for none
  /// @throws IllegalArgumentException if there are no tokens, or more than the options allow
  public Passage read(int[] tokens, int logitsFrom) {
    return new Passage(this, tokens, logitsFrom, false, BATCH_TOKENS);
  }

  /// Begins to read a text with nothing wanted but that every layer computes every token.
  ///
  /// @throws IllegalArgumentException if there are no tokens, or more than the options allow
  public Passage readStates(int[] tokens) {
    return new Passage(this, tokens, 0, true, BATCH_TOKENS);
  }

  /// Begins to read a text token by token, as when it is written, with all logits.
  ///
  /// @throws IllegalArgumentException if there are no tokens, or more than the options allow
  public Passage readSingly(int[] tokens) {
    return new Passage(this, tokens, 0, false, 1);
  }

  /// The file.
  public Path path() {
    return path;
  }

  /// Text to ids and back.
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// What is loaded: the description, and where its weights are in the file.
  public Weights weights() {
    return weights;
  }

  /// How many tokens the model knows.
  public int vocabularySize() {
    return weights.decoder().vocabularySize();
  }

  /// Tokens of the longest text that can be read.
  public int contextTokens() {
    return contextTokens;
  }

  CpuExecutor executor() {
    return executor;
  }

  Batch batch() {
    return batch;
  }

  /// Frees the weights; a second call does nothing.
  @Override
  public void close() {
    executor.close();
    workers.close();
  }
}
