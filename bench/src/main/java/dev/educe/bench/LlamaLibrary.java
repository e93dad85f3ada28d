package dev.educe.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The functions of llama.cpp's libraries that [LlamaCppDriver] needs, called by name.
///
/// All calls are linked by [#LlamaLibrary] before any library is opened, so that [#open] and what
/// follows cost about what they cost a program in C.
final class LlamaLibrary {
  private static final Linker LINKER = Linker.nativeLinker();

  // Opened in this order, each finds the ones before.
  private static final List<String> FILES = List.of("libggml-base", "libggml.v", "libllama.v");

  private final Map<String, MethodHandle> linked = new HashMap<>();
  private final Map<String, MethodHandle> functions = new HashMap<>();
  private final Arena arena;

  LlamaLibrary(Arena arena) {
    this.arena = arena;
    declareBackends();
    declareModel();
    declareDecoding();
  }

  private void declareBackends() {
    procedure("ggml_backend_load_all_from_path", ADDRESS);
    procedure("llama_backend_init");
    function("llama_version", ADDRESS);
    function("ggml_backend_dev_by_type", ADDRESS, JAVA_INT);
    function("ggml_backend_dev_backend_reg", ADDRESS, ADDRESS);
    function("ggml_backend_reg_get_proc_address", ADDRESS, ADDRESS, ADDRESS);
    function("ggml_threadpool_params_default", LlamaLayouts.THREADS, JAVA_INT);
    function("ggml_threadpool_new", ADDRESS, ADDRESS);
  }

  private void declareModel() {
    function("llama_model_default_params", LlamaLayouts.MODEL);
    function("llama_context_default_params", LlamaLayouts.CONTEXT);
    function("llama_model_load_from_file", ADDRESS, ADDRESS, LlamaLayouts.MODEL);
    function("llama_init_from_model", ADDRESS, ADDRESS, LlamaLayouts.CONTEXT);
    procedure("llama_attach_threadpool", ADDRESS, ADDRESS, ADDRESS);
    function("llama_model_get_vocab", ADDRESS, ADDRESS);
    function("llama_vocab_n_tokens", JAVA_INT, ADDRESS);
    function(
        "llama_tokenize",
        JAVA_INT,
        ADDRESS,
        ADDRESS,
        JAVA_INT,
        ADDRESS,
        JAVA_INT,
        JAVA_BOOLEAN,
        JAVA_BOOLEAN);
  }

  private void declareDecoding() {
    function("llama_get_memory", ADDRESS, ADDRESS);
    procedure("llama_memory_clear", ADDRESS, JAVA_BOOLEAN);
    function("llama_batch_init", LlamaLayouts.BATCH, JAVA_INT, JAVA_INT, JAVA_INT);
    function("llama_batch_get_one", LlamaLayouts.BATCH, ADDRESS, JAVA_INT);
    function("llama_decode", JAVA_INT, ADDRESS, LlamaLayouts.BATCH);
    procedure("llama_synchronize", ADDRESS);
    function("llama_get_logits_ith", ADDRESS, ADDRESS, JAVA_INT);
  }

  private void procedure(String name, MemoryLayout... arguments) {
    link(name, FunctionDescriptor.ofVoid(arguments));
  }

  private void function(String name, MemoryLayout result, MemoryLayout... arguments) {
    link(name, FunctionDescriptor.of(result, arguments));
  }

  @SuppressWarnings("restricted") // what is called is checked by LlamaLayouts
  private void link(String name, FunctionDescriptor descriptor) {
    linked.put(name, LINKER.downcallHandle(descriptor));
  }

  /// Opens the libraries of a folder and lets them choose the code for this processor.
  ///
  /// @throws PeerFailedException if a library or a function is missing
  void open(Path folder) throws PeerFailedException, IOException {
    var libraries = new HashMap<String, SymbolLookup>();
    for (String file : FILES) {
      libraries.put(file, open(folder, file));
    }
    for (String name : linked.keySet()) {
      libraries.values().stream()
          .flatMap(library -> library.find(name).stream())
          .findFirst()
          .ifPresent(address -> bind(name, address));
    }
    call("ggml_backend_load_all_from_path", arena.allocateFrom(folder.toString()));
    call("llama_backend_init");
    bindPool();
  }

  @SuppressWarnings("restricted") // it is the library that is to be measured
  private SymbolLookup open(Path folder, String name) throws PeerFailedException, IOException {
    try (var files = Files.list(folder)) {
      var file =
          files
              .filter(each -> each.getFileName().toString().matches("\\Q" + name + "\\E.*\\.so"))
              .findFirst()
              .orElseThrow(() -> new PeerFailedException("there is no " + name + "*.so"));
      return SymbolLookup.libraryLookup(file, arena);
    } catch (IllegalArgumentException e) {
      throw new PeerFailedException("%s cannot be opened: %s".formatted(name, e.getMessage()));
    }
  }

  /// The pool's constructor is in the library that was chosen for the processor.
  private void bindPool() throws PeerFailedException {
    var cpu = (MemorySegment) call("ggml_backend_dev_by_type", 0);
    if (cpu.equals(MemorySegment.NULL)) {
      throw new PeerFailedException("no library fits this processor");
    }
    var backend = call("ggml_backend_dev_backend_reg", cpu);
    var address =
        call(
            "ggml_backend_reg_get_proc_address",
            backend,
            arena.allocateFrom("ggml_threadpool_new"));
    bind("ggml_threadpool_new", (MemorySegment) address);
  }

  private void bind(String name, MemorySegment address) {
    var bound = linked.get(name).bindTo(address);
    functions.put(
        name,
        bound
            .asType(bound.type().generic())
            .asSpreader(Object[].class, bound.type().parameterCount()));
  }

  /// Calls a function; one that returns a structure takes an allocator first.
  ///
  /// @return what it returns; null of a procedure
  /// @throws PeerFailedException if the library has no such function
  Object call(String name, Object... arguments) throws PeerFailedException {
    var function = functions.get(name);
    if (function == null) {
      throw new PeerFailedException("the library has no function " + name);
    }
    try {
      return (Object) function.invokeExact(arguments);
    } catch (Throwable e) {
      throw new AssertionError("a call of " + name + " with other arguments than declared", e);
    }
  }
}
