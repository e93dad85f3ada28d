package dev.educe.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;

/// Measures llama.cpp once, in a process of its own: the main class of what [LlamaCppPeer] starts.
///
/// As `llama-bench` does: random tokens, no sampling, one pool of threads for all steps, flash
/// attention where the library wants it, weights mapped and repacked.
final class LlamaCppDriver {
  /// The line with the figure of the test.
  static final String VALUE = "value";

  /// The line with what the library says of itself.
  static final String VERSION = "version";

  /// The line with what the JVM held before the library was opened.
  static final String OWN_BYTES = "own-bytes";

  private static final int BATCH_TOKENS = 2048;
  private static final int STEP_TOKENS = 512;
  private static final int CONTEXT_STEP = 256;
  private static final int LOAD_MAPPED = 1;
  private static final int START_TOKENS_MAX = 256;
  private static final long VERSION_BYTES_MAX = 256;

  private final Arena arena = Arena.global();
  private final LlamaLibrary llama = new LlamaLibrary(arena);
  private final Random random = new Random(1);
  private final int threads;
  private final int sequences;
  private final int tokens;
  private MemorySegment vocabulary;
  private MemorySegment context;
  private MemorySegment cache;
  private int vocabularySize;

  private LlamaCppDriver(int threads, int sequences, int tokens) {
    this.threads = threads;
    this.sequences = sequences;
    this.tokens = tokens;
  }

  /// Arguments: folder of libraries, model, test, threads, sequences, tokens.
  public static void main(String[] arguments) throws IOException {
    var driver =
        new LlamaCppDriver(
            Integer.parseInt(arguments[3]),
            Integer.parseInt(arguments[4]),
            Integer.parseInt(arguments[5]));
    long own = ProcessStatus.bytes(Path.of("/proc/self/status"), "VmRSS");
    try {
      double value =
          driver.measure(Path.of(arguments[0]), Path.of(arguments[1]), Test.valueOf(arguments[2]));
      System.out.println(VALUE + " " + value);
      System.out.println(OWN_BYTES + " " + own);
      System.out.println(VERSION + " " + driver.version());
    } catch (PeerFailedException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
    // The library's threads are still there.
    System.exit(0);
  }

  /// A figure that the driver printed.
  ///
  /// @throws PeerFailedException if it did not
  static double figure(String output, String name) throws PeerFailedException {
    return Double.parseDouble(text(output, name));
  }

  /// A text that the driver printed.
  ///
  /// @throws PeerFailedException if it did not
  static String text(String output, String name) throws PeerFailedException {
    return output
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElseThrow(() -> new PeerFailedException("its driver gave no " + name));
  }

  private String version() throws PeerFailedException {
    var text = (MemorySegment) llama.call("llama_version");
    return sized(text, VERSION_BYTES_MAX).getString(0);
  }

  private double measure(Path libraries, Path model, Test test)
      throws PeerFailedException, IOException {
    long start = System.nanoTime();
    llama.open(libraries);
    load(model);
    if (test == Test.START) {
      firstToken();
      return (System.nanoTime() - start) / 1e9;
    }
    run(test);
    return run(test);
  }

  private void load(Path file) throws PeerFailedException {
    var modelParams = (MemorySegment) llama.call("llama_model_default_params", arena);
    var params = (MemorySegment) llama.call("llama_context_default_params", arena);
    var pool = (MemorySegment) llama.call("ggml_threadpool_params_default", arena, threads);
    LlamaLayouts.check(modelParams, params, pool);

    LlamaLayouts.set(modelParams, LlamaLayouts.MODEL, "n_gpu_layers", 0);
    LlamaLayouts.set(modelParams, LlamaLayouts.MODEL, "load_mode", LOAD_MAPPED);
    var path = arena.allocateFrom(file.toString());
    var model =
        notNull("load the model", llama.call("llama_model_load_from_file", path, modelParams));
    vocabulary = (MemorySegment) llama.call("llama_model_get_vocab", model);
    vocabularySize = (int) llama.call("llama_vocab_n_tokens", vocabulary);

    int length = Math.ceilDiv(Math.max(tokens, CONTEXT_STEP), CONTEXT_STEP) * CONTEXT_STEP;
    set(params, "n_ctx", sequences * length);
    set(params, "n_batch", BATCH_TOKENS);
    set(params, "n_ubatch", STEP_TOKENS);
    set(params, "n_seq_max", sequences);
    set(params, "n_threads", threads);
    set(params, "n_threads_batch", threads);
    context = notNull("make a context", llama.call("llama_init_from_model", model, params));
    cache = (MemorySegment) llama.call("llama_get_memory", context);
    var workers = notNull("make its threads", llama.call("ggml_threadpool_new", pool));
    llama.call("llama_attach_threadpool", context, workers, MemorySegment.NULL);
  }

  private static void set(MemorySegment params, String member, int value) {
    LlamaLayouts.set(params, LlamaLayouts.CONTEXT, member, value);
  }

  private static MemorySegment notNull(String what, Object pointer) throws PeerFailedException {
    if (pointer.equals(MemorySegment.NULL)) {
      throw new PeerFailedException("the library could not " + what);
    }
    return (MemorySegment) pointer;
  }

  private void firstToken() throws PeerFailedException {
    byte[] text = Workload.START_TEXT.getBytes(StandardCharsets.UTF_8);
    var ids = arena.allocate(JAVA_INT, START_TOKENS_MAX);
    int count =
        (int)
            llama.call(
                "llama_tokenize",
                vocabulary,
                arena.allocateFrom(Workload.START_TEXT),
                text.length,
                ids,
                START_TOKENS_MAX,
                true,
                true);
    if (count <= 0) {
      throw new PeerFailedException("the library could not tokenize");
    }
    decode((MemorySegment) llama.call("llama_batch_get_one", arena, ids, count));
    llama.call("llama_synchronize", context);
    var logits = ((MemorySegment) llama.call("llama_get_logits_ith", context, -1));
    if (!Float.isFinite(sized(logits, Float.BYTES).get(JAVA_FLOAT, 0))) {
      throw new PeerFailedException("the library's logits are not finite");
    }
  }

  private double run(Test test) throws PeerFailedException {
    llama.call("llama_memory_clear", cache, false);
    llama.call("llama_synchronize", context);
    try (var own = Arena.ofConfined()) {
      return switch (test) {
        case PROMPT -> prompt(own);
        case DECODE -> write(own);
        case BATCH -> writeMany();
        case START -> throw new IllegalArgumentException("the first token comes once");
      };
    }
  }

  private double prompt(Arena own) throws PeerFailedException {
    var ids = own.allocateFrom(JAVA_INT, random.ints(tokens, 0, vocabularySize).toArray());
    long start = System.nanoTime();
    for (int from = 0; from < tokens; from += BATCH_TOKENS) {
      int count = Math.min(BATCH_TOKENS, tokens - from);
      var chunk = ids.asSlice((long) from * Integer.BYTES);
      decode((MemorySegment) llama.call("llama_batch_get_one", own, chunk, count));
    }
    llama.call("llama_synchronize", context);
    return rate(tokens, start);
  }

  private double write(Arena own) throws PeerFailedException {
    var id = own.allocate(JAVA_INT);
    var batch = (MemorySegment) llama.call("llama_batch_get_one", own, id, 1);
    long start = System.nanoTime();
    for (int i = 0; i < tokens; i++) {
      id.set(JAVA_INT, 0, random.nextInt(vocabularySize));
      decode(batch);
      llama.call("llama_synchronize", context);
    }
    return rate(tokens, start);
  }

  private double writeMany() throws PeerFailedException {
    var batch = (MemorySegment) llama.call("llama_batch_init", arena, sequences, 0, 1);
    LlamaLayouts.set(batch, LlamaLayouts.BATCH, "n_tokens", sequences);
    var ids = member(batch, "token", sequences * 4L);
    var positions = member(batch, "pos", sequences * 4L);
    var counts = member(batch, "n_seq_id", sequences * 4L);
    var sequenceIds = member(batch, "seq_id", sequences * 8L);
    var wantsLogits = member(batch, "logits", sequences);
    long start = System.nanoTime();
    for (int position = 0; position < tokens; position++) {
      for (int sequence = 0; sequence < sequences; sequence++) {
        ids.setAtIndex(JAVA_INT, sequence, random.nextInt(vocabularySize));
        positions.setAtIndex(JAVA_INT, sequence, position);
        counts.setAtIndex(JAVA_INT, sequence, 1);
        sized(sequenceIds.getAtIndex(ADDRESS, sequence), 4).set(JAVA_INT, 0, sequence);
        wantsLogits.set(JAVA_BYTE, sequence, (byte) 1);
      }
      decode(batch);
      llama.call("llama_synchronize", context);
    }
    return rate((double) sequences * tokens, start);
  }

  private static MemorySegment member(MemorySegment batch, String name, long bytes) {
    return sized(LlamaLayouts.pointer(batch, LlamaLayouts.BATCH, name), bytes);
  }

  @SuppressWarnings("restricted") // the library says how much is behind its pointers
  private static MemorySegment sized(MemorySegment pointer, long bytes) {
    return pointer.reinterpret(bytes);
  }

  private void decode(MemorySegment batch) throws PeerFailedException {
    int code = (int) llama.call("llama_decode", context, batch);
    if (code != 0) {
      throw new PeerFailedException("llama_decode returned " + code);
    }
  }

  private static double rate(double count, long start) {
    return count * 1e9 / (System.nanoTime() - start);
  }
}
