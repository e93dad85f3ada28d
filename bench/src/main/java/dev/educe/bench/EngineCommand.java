package dev.educe.bench;

import dev.educe.Continuation;
import dev.educe.Generation;
import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.platform.Machine;
import dev.educe.sampling.Sampling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// `./dev bench engine`: what serving many at once gains and costs.
///
/// Each comparison takes turns in one process: one stream and sixteen, and sixteen without the
/// engine; a long prompt cold and with its beginning known; eight chats alone and beside a long
/// prompt; texts that are free and texts that a grammar holds.
final class EngineCommand {
  private static final Set<String> VALUED = Set.of("--threads", "--rounds", "--only", "--streams");
  private static final int STREAMS = 16;
  private static final int TOKENS = 48;
  private static final int PREFIX_TOKENS = 1_500;
  private static final int ADDED_TOKENS = 30;
  private static final int LONG_TOKENS = 8_000;
  private static final int CHATS = 8;
  private static final int CHAT_TOKENS = 60;
  private static final int CONTEXT = 8_192;

  private final Path path;
  private final int threads;
  private final int rounds;
  private final String only;
  private final List<Integer> streams; // of texts beside each other, free and held
  private final Random random = new Random(1);
  private Model model;

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  EngineCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1) {
      throw new IllegalArgumentException("name one MODEL");
    }
    this.path = root.resolve(arguments.rest().getFirst());
    this.threads = arguments.number("--threads", Machine.physicalCores());
    this.rounds = arguments.number("--rounds", 3);
    this.only = arguments.value("--only").orElse("");
    this.streams = arguments.numbers("--streams", List.of(1, 8, STREAMS));
  }

  void run() throws IOException {
    var options =
        LoadOptions.defaults()
            .withThreads(threads)
            .withContextLength(CONTEXT)
            .withSequences(2)
            .withSpeculation(false);
    try (var loaded = Model.load(path, options)) {
      model = loaded;
      System.out.println(model.summary());
      write(2, 16); // the code warms up
      if (isWanted("streams")) {
        streams();
      }
      if (isWanted("prefix")) {
        prefix();
      }
      if (isWanted("chunks")) {
        chunks();
      }
      if (isWanted("grammar")) {
        new HeldTexts(model, rounds, streams).run();
      }
    }
  }

  private boolean isWanted(String name) {
    return only.isEmpty() || only.equals(name);
  }

  private void streams() {
    double[] one = new double[rounds];
    double[] many = new double[rounds];
    double[] plain = new double[rounds];
    model.measure(0, STREAMS, 4);
    for (int round = 0; round < rounds; round++) {
      one[round] = write(1, TOKENS);
      many[round] = write(STREAMS, TOKENS);
      plain[round] = model.measure(0, STREAMS, TOKENS).decodeRate();
    }
    double single = Series.of(one).median();
    double together = Series.of(many).median();
    System.out.printf(
        "%d streams: %.1f tokens/s, %.2f times one stream's %.1f, %.0f %% of %.1f without engine%n",
        STREAMS,
        together,
        together / single,
        single,
        100 * together / Series.of(plain).median(),
        Series.of(plain).median());
  }

  /// Tokens per second of so many streams.
  private double write(int streams, int tokens) {
    var requests = new ArrayList<Request>();
    for (int i = 0; i < streams; i++) {
      requests.add(request(text(8), tokens));
    }
    return rate(model, requests, tokens);
  }

  /// Tokens per second of requests, from the last one's first token to the first one's last.
  static double rate(Model model, List<Request> requests, int tokens) {
    int streams = requests.size();
    List<Continuation> continuations = requests.stream().map(model::start).toList();
    var threads = new ArrayList<Thread>();
    long[][] times = new long[streams][tokens];
    for (int i = 0; i < streams; i++) {
      int stream = i;
      threads.add(Thread.startVirtualThread(() -> read(continuations.get(stream), times[stream])));
    }
    join(threads);
    long from = Arrays.stream(times).mapToLong(each -> each[0]).max().orElseThrow();
    long to = Arrays.stream(times).mapToLong(each -> each[tokens - 1]).min().orElseThrow();
    long written =
        Arrays.stream(times).flatMapToLong(Arrays::stream).filter(t -> t > from && t <= to).count();
    return written * 1e9 / (to - from);
  }

  private static void read(Continuation continuation, long[] times) {
    try (continuation) {
      for (int i = 0; i < times.length && continuation.hasNext(); i++) {
        continuation.next();
        times[i] = System.nanoTime();
      }
    }
  }

  private static void join(List<Thread> threads) {
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void prefix() {
    double[] cold = new double[rounds];
    double[] warm = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      String shared = text(PREFIX_TOKENS);
      cold[round] = firstToken(shared + text(ADDED_TOKENS));
      warm[round] = firstToken(shared + text(ADDED_TOKENS));
    }
    System.out.printf(
        "prompt of %,d tokens: first token after %.3f s; with the first %,d known, %.3f s: %.1f"
            + " times sooner%n",
        PREFIX_TOKENS + ADDED_TOKENS,
        Series.of(cold).median(),
        PREFIX_TOKENS,
        Series.of(warm).median(),
        Series.of(cold).median() / Series.of(warm).median());
  }

  private double firstToken(String prompt) {
    Generation generation = model.generate(request(prompt, 1));
    return generation.usage().firstTokenNanos() / 1e9;
  }

  /// How long the chats wait for a token, at most, with nobody beside them and with a long prompt.
  private void chunks() {
    long alone = worstGap(false);
    long beside = worstGap(true);
    System.out.printf(
        "%d chats: a token at most %.0f ms after the last; beside a prompt of %,d tokens %.0f ms%n",
        CHATS, alone / 1e6, LONG_TOKENS, beside / 1e6);
  }

  private long worstGap(boolean hasLongPrompt) {
    var chats = new ArrayList<Continuation>();
    for (int i = 0; i < CHATS; i++) {
      chats.add(model.start(request(text(8), CHAT_TOKENS)));
    }
    long[][] times = new long[CHATS][CHAT_TOKENS];
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < CHATS; i++) {
      int chat = i;
      threads.add(Thread.startVirtualThread(() -> read(chats.get(chat), times[chat])));
    }
    if (hasLongPrompt) {
      try (var _ = model.start(request(text(LONG_TOKENS), 1))) {
        join(threads);
      }
    } else {
      join(threads);
    }
    long worst = 0;
    for (long[] chat : times) {
      // The first tokens come while other chats' prompts are read.
      for (int i = 5; i < CHAT_TOKENS; i++) {
        worst = Math.max(worst, chat[i] - chat[i - 1]);
      }
    }
    return worst;
  }

  private Request request(String prompt, int tokens) {
    return Request.of(prompt)
        .withTokensMax(tokens)
        .withSampling(Sampling.greedy())
        .withIgnoreEnd(true);
  }

  /// Text of about so many tokens, never the same twice.
  private String text(int tokens) {
    var text = new StringBuilder();
    int count = 0;
    while (count < tokens) {
      String word = " " + Long.toString(random.nextLong() >>> 32, 36);
      text.append(word);
      count += model.tokenizer().encodePlain(word, false).length;
    }
    return text.toString();
  }
}
