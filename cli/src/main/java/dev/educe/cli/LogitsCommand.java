package dev.educe.cli;

import dev.educe.Model;
import dev.educe.kernels.KvType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `educe logits`: the numbers themselves, with which two engines are compared.
@Command(
    name = "logits",
    customSynopsis = "educe logits [OPTION]… MODEL --tokens ID,ID,…",
    description = {
      "Computes the logits of every position of a sequence of tokens.",
      "",
      "With -o they are written as float32, little endian, [positions, vocabulary]; without it, a"
          + " line for each position says which token is likeliest."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe logits model.gguf --tokens 1,403,407",
      "  educe logits model.gguf --tokens 1,403,407 -o logits.bin --dequantize"
    })
final class LogitsCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Option(
      names = "--tokens",
      paramLabel = "ID",
      split = ",",
      description = "The token ids, with commas between.")
  private int[] tokens;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where to write the logits; an existing file is replaced.")
  private Path output;

  @Option(
      names = "--dequantize",
      description = "Turn the weights into F32 when they are loaded, for exact arithmetic.")
  private boolean dequantize;

  LogitsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (tokens == null || tokens.length == 0) {
      throw new ParameterException(
          spec.commandLine(), "--tokens is missing: give token ids, for instance --tokens 1,403");
    }
    var bounds = new Bounds(spec.commandLine());
    bounds.check("the number of --tokens", tokens.length, 1, Loading.CONTEXT_MAX);
    var options = loading.options(tokens.length, KvType.F32).withDequantize(dequantize);
    try (var model = loading.load(console, options)) {
      int vocabularySize = model.tokenizer().vocabularySize();
      for (int token : tokens) {
        bounds.check("ids in --tokens", token, 0, vocabularySize - 1);
      }
      if (output == null) {
        summarize(model);
      } else {
        write(model);
      }
    }
    return ExitCode.OK;
  }

  private void summarize(Model model) {
    console.println("position   token  likeliest      its logit        mean    deviation");
    int[] position = {0};
    model.logits(
        tokens,
        row -> {
          float[] logits = row.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
          console.println(line(position[0], tokens[position[0]], logits));
          position[0]++;
        });
    endIfInterrupted();
  }

  private static String line(int position, int token, float[] logits) {
    int best = 0;
    double sum = 0;
    for (int id = 0; id < logits.length; id++) {
      sum += logits[id];
      best = logits[id] > logits[best] ? id : best;
    }
    double mean = sum / logits.length;
    double squares = 0;
    for (float logit : logits) {
      squares += (logit - mean) * (logit - mean);
    }
    double deviation = Math.sqrt(squares / logits.length);
    return Display.format(
        "%8d %7d %10d %14.6f %11.5f %12.5f", position, token, best, logits[best], mean, deviation);
  }

  private void write(Model model) throws IOException {
    try (var file =
        FileChannel.open(
            output,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      model.logits(tokens, row -> write(row, file));
    }
    endIfInterrupted();
    console.note(
        Display.format(
            "wrote %s: float32, little endian, [%d, %d]",
            output, tokens.length, model.tokenizer().vocabularySize()));
  }

  private void write(MemorySegment row, FileChannel file) {
    var bytes = ByteBuffer.allocate((int) row.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(row.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
    try {
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(output + " could not be written: " + e.getMessage(), e);
    }
  }

  private static void endIfInterrupted() {
    if (Thread.interrupted()) {
      throw new CancellationException();
    }
  }
}
