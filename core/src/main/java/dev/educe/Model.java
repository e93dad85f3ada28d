package dev.educe;

import dev.educe.backend.Executor;
import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PrefixKey;
import dev.educe.engine.Engine;
import dev.educe.engine.EngineOptions;
import dev.educe.engine.Listener;
import dev.educe.engine.Meter;
import dev.educe.engine.Progress;
import dev.educe.engine.Totals;
import dev.educe.engine.Work;
import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.grammar.GrammarCache;
import dev.educe.grammar.TokenTrie;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.LogitKernels;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Decoder;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.platform.Clock;
import dev.educe.platform.Machine;
import dev.educe.platform.Workers;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.Vocabulary;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A loaded model: generates text from any number of threads until it is closed.
///
/// One engine serves them all: generations run side by side, in steps that they share, and those
/// that begin alike share what was computed of it. What one of them generates does not depend on
/// the others.
public final class Model implements AutoCloseable {
  // Tokens of a page: a block of attention, so that a block's keys lie together.
  private static final int PAGE_TOKENS = 64;

  // Tokens of a prompt that are read in one step: enough to be bound by arithmetic, not by memory.
  private static final int BATCH_TOKENS = 512;

  // What compiled grammars may take: hundreds of usual ones.
  private static final long GRAMMAR_BYTES_MAX = 64L << 20;

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
  private final long memoryBytes;
  private final PrefixKey key;
  private final ModelSource source;
  private final Engine engine;
  private Optional<ChatTemplate> chatTemplate; // once it was wanted; null before
  private GrammarCache grammars; // once it was wanted; null before

  private Model(
      Metadata metadata,
      Tokenizer tokenizer,
      PrefixKey key,
      ModelSource source,
      int vocabularySize,
      String summary,
      Workers workers,
      CpuExecutor executor,
      DraftModel draft,
      LogitKernels logits,
      EngineOptions engineOptions) {
    this.metadata = metadata;
    this.tokenizer = tokenizer;
    this.key = key;
    this.source = source;
    this.contextLength = engineOptions.contextLength();
    this.vocabulary =
        new Vocabulary(
            tokenizer.vocabularySize(),
            tokenizer::bytes,
            text -> tokenizer.encodePlain(text, false),
            tokenizer::endsGeneration);
    this.vocabularySize = vocabularySize;
    this.summary = summary;
    this.workers = workers;
    this.executor = executor;
    this.memoryBytes = executor.bytes() + draft.bytes();
    this.engine =
        new Engine(
            executor,
            new Candidates(vocabularySize, logits),
            draft.speculation(),
            engineOptions,
            Clock.system(),
            Meter.NONE);
  }

  /// Loads the little model that comes with Educe, see [EmbeddedModel].
  ///
  /// @throws IOException if it cannot be read
  public static Model embedded() throws IOException {
    return load(EmbeddedModel.path());
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
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the memory budget
  /// @throws IllegalArgumentException if an option is out of range
  /// @throws IOException if it cannot be read
  public static Model load(Path path, LoadOptions options) throws IOException {
    var selection = KernelSelector.select(options.kernels());
    var source = ModelSource.of(path);
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
      DraftModel draft = null;
      try {
        var executorOptions = executorOptions(options, context);
        executor =
            CpuExecutor.load(
                file,
                weights,
                selection.kernels(),
                workers,
                options.budget(),
                executorOptions,
                options.progress());
        var vocabulary = finished(tokenizer);
        draft = DraftModel.load(vocabulary, selection.kernels(), workers, options, executorOptions);
        String summary =
            String.format(
                Locale.ROOT,
                "%s; %d %s; %,d MB",
                selection.reason(),
                threads,
                threads == 1 ? "thread" : "threads",
                (executor.bytes() + draft.bytes()) >> 20);
        return new Model(
            file.metadata(),
            vocabulary,
            new PrefixKey(
                "",
                path.getFileName().toString(),
                "",
                options.kv().name(),
                Kernels.CONTRACT_VERSION),
            source,
            decoder.vocabularySize(),
            summary,
            workers,
            executor,
            draft,
            selection.kernels().logits(),
            options.engineOptions(context, executor.batchLogitsMax(), decoder.window()));
      } catch (IOException | RuntimeException | Error failed) {
        if (draft != null) {
          draft.speculation().drafter().close();
        }
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
  /// @throws IllegalArgumentException if the prompt has no tokens
  /// @throws dev.educe.engine.RefusedException if it can never run, too many wait already, or the
  ///   model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  public Generation generate(Request request) {
    return generate(request, _ -> {});
  }

  /// Generates to the end; hands each piece of text over as soon as it is certain, on this thread.
  ///
  /// An interrupt of this thread, or an exception of the consumer, ends the generation. A consumer
  /// that takes long delays nobody else.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens
  /// @throws dev.educe.engine.RefusedException if it can never run, too many wait already, or the
  ///   model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  public Generation generate(Request request, Consumer<String> text) {
    try (var continuation = start(request)) {
      while (continuation.hasNext()) {
        String piece = continuation.next();
        if (!piece.isEmpty()) {
          text.accept(piece);
        }
      }
      return continuation.result();
    }
  }

  /// The pieces of text as a stream; generation runs a little ahead of its reader. Closing it ends
  /// the generation.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens
  /// @throws dev.educe.engine.RefusedException if it can never run, too many wait already, or the
  ///   model is closed
  public Stream<String> stream(Request request) {
    var continuation = start(request);
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                continuation, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE),
            false)
        .filter(piece -> !piece.isEmpty())
        .onClose(continuation::close);
  }

  /// Starts a generation and returns at once; any thread may cancel it.
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens
  /// @throws dev.educe.engine.RefusedException if it can never run, too many wait already, or the
  ///   model is closed
  public Continuation start(Request request) {
    return start(request, 1).getFirst();
  }

  /// Starts several continuations of one prompt and returns at once. They share what is computed of
  /// the prompt, draw apart from each other by their numbers, and the first is that of
  /// [#start(Request)].
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens, or `count` is not positive
  /// @throws dev.educe.engine.RefusedException if they can never run, too many wait already, or the
  ///   model is closed; none of them is started then
  public List<Continuation> start(Request request, int count) {
    int[] prompt = tokenizer.encode(request.prompt(), request.special());
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt is empty; give at least one character");
    }
    return start(_ -> request, prompt, () -> tokenizer.decoder(prompt), count);
  }

  /// Starts all or none.
  ///
  /// @param requests by number; their prompts do not count
  List<Continuation> start(
      IntFunction<Request> requests,
      int[] prompt,
      Supplier<Tokenizer.Decoder> decoders,
      int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be positive, got " + count);
    }
    var started = new ArrayList<Continuation>();
    try {
      for (int number = 0; number < count; number++) {
        started.add(new Continuation(this, requests.apply(number), prompt, decoders.get(), number));
      }
    } catch (RuntimeException | Error failed) {
      started.forEach(Continuation::close);
      throw failed;
    }
    return List.copyOf(started);
  }

  /// Generates several continuations of one prompt to their ends, side by side; see
  /// [#start(Request, int)].
  ///
  /// @throws IllegalArgumentException if the prompt has no tokens, or `count` is not positive
  /// @throws dev.educe.engine.RefusedException if they can never run, too many wait already, or the
  ///   model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  public List<Generation> generate(Request request, int count) {
    return Continuation.toTheirEnds(start(request, count));
  }

  /// Conversations with this model, written as its own template has it.
  ///
  /// @throws IllegalArgumentException if it has none; then see [#chat(ChatTemplate)]
  /// @throws dev.educe.template.TemplateException if it is wrong, with the line
  public Chat chat() {
    return chat(
        chatTemplate()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    metadata.source() + " has no chat template; give one, for instance ChatML")));
  }

  /// Conversations with this model, written as a given template has it.
  public Chat chat(ChatTemplate template) {
    return new Chat(this, template);
  }

  /// Compiles schemas, regular expressions and grammars for this model, and keeps them.
  public GrammarCache grammars() {
    synchronized (tokenizer) {
      if (grammars == null) {
        grammars = new GrammarCache(TokenTrie.of(tokenizer), GRAMMAR_BYTES_MAX);
      }
      return grammars;
    }
  }

  /// The chat template in the model's file, if there is one.
  ///
  /// @throws dev.educe.template.TemplateException if it is wrong, with the line
  /// @throws UncheckedIOException if the file is damaged there
  public Optional<ChatTemplate> chatTemplate() {
    synchronized (metadata) {
      if (chatTemplate == null) {
        try {
          chatTemplate = ChatTemplate.of(metadata);
        } catch (ModelFormatException damaged) {
          throw new UncheckedIOException(damaged);
        }
      }
      return chatTemplate;
    }
  }

  /// Starts a generation whose events a listener is told of, on the engine's thread: for those who
  /// serve many and have queues of their own.
  ///
  /// @param prompt tokens, in place of the request's text; not changed by anybody from now on
  /// @param number among the continuations of this prompt, from 0
  /// @param decoder of the text that is handed over; for a conversation, one of its markup
  /// @throws IllegalArgumentException if the prompt has no tokens or an unknown id
  /// @throws dev.educe.engine.RefusedException if it can never run, too many wait already, or the
  ///   model is closed
  public Engine.Ticket start(
      int[] prompt, Request request, int number, Tokenizer.Decoder decoder, Listener listener) {
    checkIds(prompt);
    var work = Continuation.work(this, prompt, request, decoder, number, listener);
    return engine.submit(Continuation.withPrompt(work, request, listener::promptToken));
  }

  /// Refuses a request that would be refused whatever it asks for: for those who would first put
  /// work into its prompt.
  ///
  /// @throws dev.educe.engine.RefusedException if too many wait already, or the model is closed
  public void checkRoom(String tenant) {
    engine.checkRoom(tenant);
  }

  /// The logits of every position of a sequence, handed over row by row: F32 `[vocabularySize]`,
  /// borrowed for the call. The consumer runs on the engine's thread, and others wait for it.
  ///
  /// @throws CancellationException if this thread is interrupted
  /// @throws IllegalArgumentException if there are no tokens, more than the context, or an unknown
  ///   id
  /// @throws dev.educe.engine.RefusedException if too many wait already, or the model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  public void logits(int[] tokens, Consumer<MemorySegment> row) {
    checkTokens(tokens);
    var sampler = new Sampler(Sampling.greedy(), 0);
    int[] prompt = tokens.clone();
    new Readings(
            engine,
            1,
            1,
            (_, listener) ->
                Work.of(prompt, 0, key, sampler, listener)
                    .withRows((_, logits, _) -> row.accept(logits)))
        .join();
  }

  /// Turns texts into vectors.
  ///
  /// @throws UnsupportedModelException if the model gives none
  /// @throws UncheckedIOException if the file is damaged where it says how
  public Embedder embedder() {
    return new Embedder(this);
  }

  /// Values of a token's hidden state, and so of a text's vector.
  public int stateSize() {
    return executor.stateSize();
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
    checkIds(tokens);
  }

  private void checkIds(int[] tokens) {
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
    return engine.call(
        () -> new MeasuredRun(executor, vocabularySize).run(promptTokens, sequences, decodeTokens));
  }

  /// Saves what was computed of a prompt, so that another process need not: as much of it as the
  /// cache holds still, in whole pages. Generations wait while it is written.
  ///
  /// @return how many tokens were saved
  /// @throws IOException if it cannot be written, or the model's file has changed since it was
  ///   loaded
  public int savePrefix(Request request, Path file) throws IOException {
    var key = key(request.tenant());
    int[] tokens = tokenizer.encode(request.prompt(), request.special());
    var fileKey = key.withModel(source.sha256());
    try {
      return engine.savePrefix(file, key, fileKey, tokens);
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
  }

  /// Takes a saved prefix into the cache: generations of this tenant that begin alike find it.
  ///
  /// @return how many tokens it holds
  /// @throws dev.educe.cache.SavedPrefixException if the file is damaged, or was saved for another
  ///   model, tenant, KV format or version of the arithmetic
  /// @throws IOException if it cannot be read, or the model's file has changed since it was loaded
  public int restorePrefix(String tenant, Path file) throws IOException {
    var key = key(tenant);
    var fileKey = key.withModel(source.sha256());
    try {
      return engine.restorePrefix(file, key, fileKey);
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
  }

  Engine engine() {
    return engine;
  }

  /// What a tenant's pages may be shared with.
  PrefixKey key(String tenant) {
    return key.withTenant(tenant);
  }

  /// How the engine is getting on, for whoever watches over it.
  public Progress progress() {
    return engine.progress();
  }

  /// What each tenant's generations have taken that have ended.
  public Map<String, Totals> totals() {
    return engine.totals();
  }

  /// How many tokens the model knows.
  public int vocabularySize() {
    return vocabularySize;
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

  /// Bytes of memory it holds outside the heap: weights, the cache, scratch.
  public long memoryBytes() {
    return memoryBytes;
  }

  /// What runs, in a line: kernels, threads, memory.
  public String summary() {
    return summary;
  }

  /// Frees the weights once the generations under way have ended; those whose readers take nothing
  /// are cancelled. A second call does nothing.
  @Override
  public void close() {
    engine.close();
    executor.close();
    workers.close();
  }
}
