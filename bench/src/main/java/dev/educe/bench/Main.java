package dev.educe.bench;

import dev.educe.kernels.codegen.AttentionBench;
import dev.educe.kernels.codegen.MatrixBench;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/// `./dev bench`: says what there is, or runs it.
public final class Main {
  private static final String HELP =
      """
      ./dev bench peers MODEL…|--shape llama-1b-q4_0    Educe and its peers side by side
          --peer-bench DIR    tools of a peer: llama-bench and llama-batched-bench
          --threads 1,2       which numbers of threads to try
          --rounds N          how often to measure each; 3 by default
          --timeout SECONDS   after which a run is ended; 60 by default
          --kernels NAME      Educe's kernels: scalar, vector or generated; the fastest by default
          --quick             tries whether everything runs; the figures mean nothing
      ./dev bench bandwidth MODEL    decoding against plain reads of as many bytes
          --kernels NAME, --threads N, --rounds N, --tokens N
      ./dev bench engine MODEL       many requests at once, a known beginning, a long prompt beside
          --threads N, --rounds N, --only streams|prefix|chunks|grammar
          --streams 1,8,16    how many texts at once, free and held by a grammar
      ./dev bench serve MODEL        what HTTP costs; overload, idle streams, clients that leave
          --only throughput|overload|streams|disconnects, --rounds N, --tokens N, --requests N,
          --seconds N, --streams N, --leaving N
      ./dev bench matrix [TIER|best] [FORMAT…] [columns=N] [one-row]
                                     the matrix kernel alone, against the peak of its instruction
      ./dev bench attention [TIER|best|vector]
                                     attention alone, against the peak of fused multiply-adds
      ./dev bench sampling           choosing a token, in microseconds
          --vocabulary N, --rounds N, --kernels NAME
      ./dev bench grammar MODEL      masks over the model's vocabulary, and compiling tools
      ./dev bench schemas DIRECTORY  schemas and their tests, as of MaskBench: what is enforced
          --model MODEL       masks over its vocabulary, too
          --show KINDS        of refused,crashed,slow,read,unread; each with its file
      ./dev bench quantized MODEL --on TEXT
                                     what formats cost, without and with an importance matrix
          --context N, --mixes Q8_0,Q4_K_M
      ./dev bench pruned MODEL --on TEXT
                                     what pruning costs once the model is healed by distillation
          --share 25%, --context N, --samples N, --tokens N, --batch N, --learning-rate X
      ./dev bench speculate MODEL    what guesses gain and cost, by how often they come true
          --only forced|adapted|ngrams, --guesses N, --threads N, --rounds N, --tokens N
          --draft MODEL       guesses of a smaller model; after --prompt TEXT
      ./dev bench safepoints MODEL   how long all threads take to stop, idle and under load
          --threads N, --rounds N, --seconds N
      """;

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      System.out.print(HELP);
      return;
    }
    var rest = List.of(arguments).subList(1, arguments.length);
    try {
      run(arguments[0], rest);
    } catch (IllegalArgumentException mistake) {
      fail(mistake.getMessage());
    } catch (NoSuchFileException missing) {
      fail("no such file: " + missing.getFile());
    } catch (IOException | PeerFailedException failure) {
      fail(failure.getMessage());
    }
  }

  private static void run(String name, List<String> rest) throws Exception {
    var root = Path.of("").toAbsolutePath();
    switch (name) {
      case "peers" -> new PeersCommand(root, rest).run();
      case "bandwidth" -> new BandwidthCommand(root, rest).run();
      case "engine" -> new EngineCommand(root, rest).run();
      case "serve" -> new ServeCommand(root, rest).run();
      case "matrix" -> MatrixBench.main(rest.toArray(String[]::new));
      case "attention" -> AttentionBench.main(rest.toArray(String[]::new));
      case "sampling" -> new SamplingCommand(rest).run();
      case "grammar" -> new GrammarCommand(root, rest).run();
      case "schemas" -> new SchemasCommand(root, rest).run();
      case "quantized" -> new QuantizedCommand(root, rest).run();
      case "pruned" -> new PrunedCommand(root, rest).run();
      case "speculate" -> new SpeculateCommand(root, rest).run();
      case "safepoints" -> new SafepointsCommand(root, rest).run();
      case "help", "--help", "-h" -> System.out.print(HELP);
      default ->
          throw new IllegalArgumentException(
              "there is no benchmark '%s'; ./dev bench lists them".formatted(name));
    }
  }

  private static void fail(String message) {
    System.err.println("bench: " + message);
    System.exit(1);
  }
}
