package dev.educe.cli;

import dev.educe.format.Gguf;
import dev.educe.format.TensorEntry;
import dev.educe.kernels.KvType;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `educe inspect`: what is in a model file, and what it takes to run it.
@Command(
    name = "inspect",
    customSynopsis = "educe inspect [OPTION]… MODEL",
    description = "Shows what is in a model file, and the memory that running it takes.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {"  educe inspect model.gguf", "  educe inspect model.gguf --json --context 8192"})
final class InspectCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private ModelFile file;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description = "Count the memory of N tokens; of the model's own context unless given.")
  private Integer context;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (context != null) {
      new Bounds(spec.commandLine()).check("--context", context, 1, Loading.CONTEXT_MAX);
    }
    try (var gguf = Gguf.open(file.require())) {
      var memory = MemoryNeed.of(gguf, context == null ? 0 : context);
      console.print(json ? json(gguf, memory) : text(gguf, memory));
    }
    return ExitCode.OK;
  }

  private static String text(Gguf gguf, MemoryNeed memory) throws IOException {
    var metadata = gguf.metadata();
    var text = new StringBuilder();
    text.append(
        Display.format(
            "%s: GGUF v%d, %s, %s parameters, %s%n",
            gguf.path(),
            gguf.version(),
            Display.visible(metadata.findString("general.architecture").orElse("no architecture")),
            Display.count(parameters(gguf.tensors())),
            Display.bytes(memory.weights())));
    text.append(Display.format("%nMetadata%n"));
    int keyWidth = width(metadata.keys().stream().toList());
    for (String key : metadata.keys()) {
      String value = MetadataView.line(metadata.find(key).orElseThrow());
      text.append(line(keyWidth, Display.visible(key), value));
    }
    text.append(Display.format("%nTensors%n"));
    int nameWidth = width(gguf.tensors().stream().map(TensorEntry::name).toList());
    for (var tensor : gguf.tensors()) {
      text.append(
          line(
              nameWidth,
              Display.visible(tensor.name()),
              Display.format("%-6s %s", tensor.type(), tensor.shape())));
    }
    text.append(Display.format("%nFormats%n"));
    formats(gguf.tensors())
        .forEach((type, share) ->
            text.append(
                Display.format(
                    "  %-7s %,5d tensors  %s parameters, %s%n",
                    type,
                    share.tensors(),
                    Display.count(share.parameters()),
                    Display.bytes(share.bytes()))));
    return text.append(memoryText(memory)).toString();
  }

  private static String memoryText(MemoryNeed memory) {
    var text = new StringBuilder(Display.format("%nMemory%n"));
    text.append(Display.format("  weights          %s%n", Display.bytes(memory.weights())));
    for (var type : KvType.values()) {
      if (memory.kvBytes(type).isPresent()) {
        text.append(
            Display.format(
                "  KV cache, %-3s    %s for a context of %,d tokens%n",
                type, Display.bytes(memory.kvBytes(type).getAsLong()), memory.contextLength()));
      }
    }
    return text.toString();
  }

  private static String json(Gguf gguf, MemoryNeed memory) throws IOException {
    var metadata = new LinkedHashMap<String, Object>();
    for (String key : gguf.metadata().keys()) {
      metadata.put(key, MetadataView.json(gguf.metadata().find(key).orElseThrow()));
    }
    var formats = new LinkedHashMap<String, Object>();
    formats(gguf.tensors()).forEach((type, share) -> formats.put(type.name(), share));
    var needs = new LinkedHashMap<String, Object>();
    needs.put("weights", memory.weights());
    for (var type : KvType.values()) {
      memory
          .kvBytes(type)
          .ifPresent(bytes -> needs.put("kv_" + type.name().toLowerCase(Locale.ROOT), bytes));
    }
    needs.put("context_length", memory.contextLength());
    var object = new LinkedHashMap<String, Object>();
    object.put("file", gguf.path().toString());
    object.put("version", gguf.version());
    object.put("architecture", gguf.metadata().findString("general.architecture").orElse(null));
    object.put("parameters", parameters(gguf.tensors()));
    object.put("metadata", metadata);
    object.put("tensors", gguf.tensors().stream().map(InspectCommand::json).toList());
    object.put("formats", formats);
    object.put("memory_bytes", needs);
    return Json.write(object) + "\n";
  }

  private static Map<String, Object> json(TensorEntry tensor) {
    var object = new LinkedHashMap<String, Object>();
    object.put("name", tensor.name());
    object.put("type", tensor.type().name());
    object.put("shape", tensor.shape().dimensions());
    object.put("offset", tensor.offset());
    object.put("bytes", tensor.bytes());
    return object;
  }

  private static long parameters(List<TensorEntry> tensors) {
    return tensors.stream().mapToLong(tensor -> tensor.shape().elements()).sum();
  }

  private record Share(int tensors, long parameters, long bytes) {
    Share plus(Share other) {
      return new Share(tensors + other.tensors, parameters + other.parameters, bytes + other.bytes);
    }
  }

  private static Map<DType, Share> formats(List<TensorEntry> tensors) {
    var formats = new TreeMap<DType, Share>();
    for (var tensor : tensors) {
      var share = new Share(1, tensor.shape().elements(), tensor.bytes());
      formats.merge(tensor.type(), share, Share::plus);
    }
    return formats;
  }

  private static int width(List<String> names) {
    return Math.min(48, names.stream().mapToInt(String::length).max().orElse(0));
  }

  private static String line(int width, String name, String value) {
    return Display.format("  %-" + Math.max(1, width) + "s  %s%n", name, value);
  }
}
