package dev.educe;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PageTable;
import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Decoder;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.platform.Machine;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Workers;
import dev.educe.sampling.NumericalException;
import dev.educe.sampling.Vocabulary;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A loaded model: generates text from any number of threads until it is closed.
///
/// Generations of several threads take turns, step by step. Each holds its part of the KV cache
/// from its first step to its last; one that finds the cache full waits for another to end.
public final class Model implements AutoCloseable {
  // Tokens of a page: a block of attention, so that a block's keys lie together.
  private static final int PAGE_TOKENS = 64;

  // Tokens of a prompt that are read in one step: enough to be bound by arithmetic, not by memory.
  private static final int BATCH_TOKENS = 512;

  // Rows of logits in one step.
  private static final int BATCH_LOGITS = 32;

  private final Metadata metadata;
  private final Tokenizer tokenizer;
  private final Vocabulary vocabulary;
  private final int contextLength;
  private final int vocabularySize;
  private final String summary;
  private final Workers workers;
  private final Executor executor;
  private final Batch batch;

  // Held for a step at a time; fair, so that generations take turns.
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition released = lock.newCondition();
  private int generations;
  private boolean closed;

  private Model(
      Metadata metadata,
      Tokenizer tokenizer,
      int contextLength,
      int vocabularySize,
      String summary,
      Workers workers,
      Executor executor) {
    this.metadata = metadata;
    this.tokenizer = tokenizer;
    this.vocabulary =
        new Vocabulary(
            tokenizer.vocabularySize(),
            tokenizer::bytes,
            text -> tokenizer.encodePlain(text, false),
            tokenizer::endsGeneration);
    this.contextLength = contextLength;
    this.vocabularySize = vocabularySize;
    this.summary = summary;
    this.workers = workers;
    this.executor = executor;
    this.batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
  }

  /// Loads a model file with default options.
  ///
  /// @throws ModelFormatException if the file is damaged or not what it claims
  /// @throws UnsupportedModelException if its architecture or a format is unknown
  /// @throws IOException if it cannot be read
  public static Model load(Path path) throws IOException {
    return load(path, LoadOptions.defaults());
  }

  /// Loads a model file.
  ///
  /// @throws ModelFormatException if the file is damaged or not what it claims
  /// @throws UnsupportedModelException if its architecture or a format is unknown
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit this machine's memory
  /// @throws IllegalArgumentException if an option is out of range
  /// @throws IOException if it cannot be read
  public static Model load(Path path, LoadOptions options) throws IOException {
    var selection = KernelSelector.select(options.kernels());
    try (var file = Gguf.open(path)) {
      Decoder decoder = Architectures.describe(file.metadata());
      var weights =
          Weights.bind(
              path.getFileName().toString(), decoder, file.tensors(), PanelLayout::supports);
      // Building the vocabulary's tables takes as long as reading a small model: both at once.
      var tokenizer = new FutureTask<>(() -> Tokenizer.of(file.metadata()));
      Thread.ofPlatform().daemon().name("educe-vocabulary").start(tokenizer);
      int context = contextLength(options, decoder);
      int threads = options.threads() == 0 ? Machine.physicalCores() : options.threads();
      var workers = new Workers(threads);
      CpuExecutor executor = null;
      try {
        executor =
            CpuExecutor.load(
                file,
                weights,
                selection.kernels(),
                workers,
                MemoryBudget.of(Machine.memoryBytes()),
                executorOptions(options, context),
                options.progress());
        String summary =
            String.format(
                Locale.ROOT,
                "%s; %d %s; %,d MB",
                selection.reason(),
                threads,
                threads == 1 ? "thread" : "threads",
                executor.bytes() >> 20);
        return new Model(
            file.metadata(),
            finished(tokenizer),
            context,
            decoder.vocabularySize(),
            summary,
            workers,
            executor);
      } catch (IOException | RuntimeException | Error failed) {
        if (executor != null) {
          executor.close();
        }
        workers.close();
        throw failed;
      }
    }
  }

  private static Tokenizer finished(FutureTask<Tokenizer> task) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException _) {
          interrupted = true;
        } catch (ExecutionException failed) {
          switch (failed.getCause()) {
            case IOException bad -> throw bad;
            case RuntimeException unchecked -> throw unchecked;
            case Throwable other -> throw new IllegalStateException(other);
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static int contextLength(LoadOptions options, Decoder decoder) {
    return options.contextLength() == 0
        ? Math.min(decoder.contextLength(), LoadOptions.CONTEXT_LENGTH_DEFAULT)
        : options.contextLength();
  }

  private static CpuExecutor.Options executorOptions(LoadOptions options, int context) {
    return new CpuExecutor.Options(
        options.kv(),
        Math.multiplyExact(options.sequences(), Math.ceilDiv(context, PAGE_TOKENS)),
        PAGE_TOKENS,
        context,
        Math.max(options.sequences(), Math.min(BATCH_TOKENS, Math.ceilDiv(context, 16) * 16)),
        Math.max(options.sequences(), BATCH_LOGITS),
        options.dequantize());
  }

  /// Generates to the end and returns everything.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens or leaves no room for one
  /// @throws NumericalException if the model's numbers are no longer finite
  /// @throws IllegalStateException if the model is closed
  public Generation generate(Request request) {
    return generate(request, _ -> {});
  }

  /// Generates to the end; hands each piece of text over as soon as it is certain, on this thread.
  ///
  /// An interrupt of this thread, or an exception of the consumer, ends the generation.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens or leaves no room for one
  /// @throws NumericalException if the model's numbers are no longer finite
  /// @throws IllegalStateException if the model is closed
  public Generation generate(Request request, Consumer<String> text) {
    try (var continuation = new Continuation(this, request)) {
      while (continuation.hasNext()) {
        String piece = continuation.next();
        if (!piece.isEmpty()) {
          text.accept(piece);
        }
      }
      return continuation.result();
    }
  }

  /// The pieces of text as a stream that generates as it is read; closing it ends the generation.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens or leaves no room for one
  /// @throws IllegalStateException if the model is closed
  public Stream<String> stream(Request request) {
    var continuation = new Continuation(this, request);
    Iterator<String> pieces = continuation;
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                pieces, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE),
            false)
        .filter(piece -> !piece.isEmpty())
        .onClose(continuation::close);
  }

  /// The logits of every position of a sequence, handed over row by row: F32 `[vocabularySize]`,
  /// borrowed for the call.
  ///
  /// @throws IllegalArgumentException if there are no tokens, more than the context, or an unknown
  ///   id
  /// @throws NumericalException if the model's numbers are no longer finite
  public void logits(int[] tokens, Consumer<MemorySegment> row) {
    checkTokens(tokens);
    try (var pages = take(tokens.length)) {
      for (int from = 0; from < tokens.length; ) {
        int count = Math.min(executor.batchLogitsMax(), tokens.length - from);
        lock.lock();
        try {
          step(pages, from, tokens, from, count, count);
          for (int i = 0; i < count; i++) {
            row.accept(logitsRow(i));
          }
        } finally {
          lock.unlock();
        }
        from += count;
      }
    }
  }

  /// What samplers know of the tokens.
  Vocabulary vocabulary() {
    return vocabulary;
  }

  void checkTokens(int[] tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("there are no tokens; give at least one");
    }
    if (tokens.length > contextLength) {
      throw new IllegalArgumentException(
          "%,d tokens do not fit the context of %,d".formatted(tokens.length, contextLength));
    }
    for (int token : tokens) {
      if (token < 0 || token >= vocabularySize) {
        throw new IllegalArgumentException(
            "token ids are 0 to %,d, got %,d".formatted(vocabularySize - 1, token));
      }
    }
  }

  /// Reads and writes random tokens and says how fast; nothing is sampled, and no token ends a
  /// text.
  ///
  /// @param promptTokens tokens of a prompt that is read; 0 for none
  /// @param sequences how many sequences are written at once
  /// @param decodeTokens tokens that each of them grows by, from an empty context; 0 for none
  /// @throws IllegalArgumentException if they do not fit the cache, see [LoadOptions#sequences]
  public Measurement measure(int promptTokens, int sequences, int decodeTokens) {
    lock.lock();
    try {
      checkOpen();
      return new MeasuredRun(executor, batch, vocabularySize)
          .run(promptTokens, sequences, decodeTokens);
    } finally {
      lock.unlock();
    }
  }

  /// Pages for so many tokens, as soon as there are so many free.
  Pages take(int tokens) {
    lock.lock();
    try {
      checkOpen();
      generations++;
      var table = new PageTable(executor.pages());
      while (!table.tryReserve(tokens)) {
        released.awaitUninterruptibly();
      }
      return new Pages(table);
    } finally {
      lock.unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
  }

  /// A sequence's part of the cache; closing it lets others go on.
  final class Pages implements AutoCloseable {
    private final PageTable table;
    private boolean returned;

    private Pages(PageTable table) {
      this.table = table;
    }

    PageTable table() {
      return table;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (!returned) {
          returned = true;
          table.close();
          generations--;
          released.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /// Computes consecutive tokens of one sequence. The caller holds the lock until it has read the
  /// logits.
  void step(Pages pages, int position, int[] tokens, int from, int count, int logitsOf) {
    batch.clear();
    batch.add(pages.table(), position, tokens, from, count, logitsOf);
    executor.forward(batch);
    var failure = batch.failure(0);
    if (failure.isPresent()) {
      throw new NumericalException(failure.get());
    }
  }

  /// A row of the last step's logits, for whoever holds the lock.
  MemorySegment logitsRow(int row) {
    long offset = row * executor.logitsStride() * Float.BYTES;
    return executor.logits().asSlice(offset, (long) vocabularySize * Float.BYTES);
  }

  /// How many tokens the model knows.
  public int vocabularySize() {
    return vocabularySize;
  }

  ReentrantLock lock() {
    return lock;
  }

  Executor executor() {
    return executor;
  }

  /// Text to ids and back.
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// What the file says of itself.
  public Metadata metadata() {
    return metadata;
  }

  /// Tokens a prompt and its continuation may have together.
  public int contextLength() {
    return contextLength;
  }

  /// What runs, in a line: kernels, threads, memory.
  public String summary() {
    return summary;
  }

  /// Frees the weights once the generations under way have ended; a second call does nothing.
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      while (generations > 0) {
        released.awaitUninterruptibly();
      }
      executor.close();
      workers.close();
    } finally {
      lock.unlock();
    }
  }
}
