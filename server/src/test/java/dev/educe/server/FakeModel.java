package dev.educe.server;

import dev.educe.ChatPrompt;
import dev.educe.ChatRequest;
import dev.educe.EmbeddingOptions;
import dev.educe.Embeddings;
import dev.educe.grammar.GrammarCache;
import dev.educe.grammar.TokenTrie;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening;
import dev.educe.server.model.Happening.Finish;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.server.model.Mailbox;
import dev.educe.server.model.Refusal;
import dev.educe.server.model.ServedModel;
import dev.educe.template.Template;
import dev.educe.template.TemplateException;
import dev.educe.template.reply.OfferedTool;
import dev.educe.template.reply.ReplyFormat;
import dev.educe.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/// A model that answers with the letters of the alphabet, each a token, at the pace of a test.
///
/// A prompt that begins with a word does what the word says: `hold` waits for [#held], `forever`
/// writes until it is cancelled, `fail` fails after two tokens, `full` is refused, `say` writes
/// what follows. A conversation is its last message; `refuse` is refused by the template, which
/// takes until [#held] for `render`, and for `compile` unless its thread is interrupted.
final class FakeModel implements ServedModel {
  static final int CONTEXT = 1_000;

  final AtomicInteger underWay = new AtomicInteger();
  final AtomicInteger cancelled = new AtomicInteger();
  final AtomicInteger paused = new AtomicInteger();
  final AtomicInteger rendering = new AtomicInteger();
  final AtomicInteger started = new AtomicInteger();
  final Semaphore held = new Semaphore(0);
  volatile ChatRequest asked; // last
  volatile Optional<Gap> gap = Optional.empty();
  volatile Optional<RuntimeException> fault = Optional.empty(); // thrown where a text is started
  volatile int waiting;
  volatile long steps;
  volatile boolean isFull;

  @Override
  public int contextLength() {
    return CONTEXT;
  }

  @Override
  public Tokenizer tokenizer() {
    return new Bytes();
  }

  @Override
  public GrammarCache grammars() {
    return new GrammarCache(TokenTrie.of(tokenizer()), 1 << 20);
  }

  @Override
  public Optional<Gap> gap() {
    return gap;
  }

  @Override
  public ChatPrompt prompt(ChatRequest request) {
    asked = request;
    String text = request.messages().getLast().text();
    if (text.startsWith("refuse")) {
      throw templateException();
    }
    if (text.startsWith("render")) {
      rendering.incrementAndGet();
      held.acquireUninterruptibly();
    }
    if (text.startsWith("compile")) {
      rendering.incrementAndGet();
      try {
        held.acquire();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt(); // as grammars have it
        throw new CancellationException("interrupted");
      }
    }
    var format = ReplyFormat.detect("<tool_call> <think> </think>");
    var tools =
        request.tools().stream().map(tool -> new OfferedTool(tool.name(), Set.of())).toList();
    request.answerForm().ifPresent(form -> grammars().of(form));
    return new ChatPrompt(
        tokenizer().encodePlain(text, false), () -> format.reader(tools, ""), request::generation);
  }

  private static TemplateException templateException() {
    try {
      Template.parse("{{ raise_exception('Only cats may speak') }}")
          .render(Map.of(), LocalDateTime.MIN);
      throw new AssertionError("the template must refuse");
    } catch (TemplateException e) {
      return e;
    }
  }

  @Override
  public void checkRoom(String tenant) {
    if (isFull) {
      throw Refusal.QUEUE_FULL.error("Too many wait.", 2_000);
    }
  }

  @Override
  public Ticket start(Generating generating, Mailbox events) {
    String prompt = tokenizer().decode(generating.prompt());
    if (fault.isPresent()) {
      throw fault.get();
    }
    if (prompt.startsWith("full")) {
      throw Refusal.QUEUE_FULL.error("Too many wait.", 2_000);
    }
    if (generating.prompt().length >= CONTEXT) {
      throw Refusal.PROMPT_TOO_LONG.error("The prompt has too many tokens.", 0);
    }
    underWay.incrementAndGet();
    started.incrementAndGet();
    var stop = new CountDownLatch(1);
    Thread.ofVirtual().start(() -> run(prompt, generating, events, stop));
    return stop::countDown;
  }

  private void run(String prompt, Generating generating, Mailbox events, CountDownLatch stop) {
    int choice = generating.choice();
    int written = 0;
    var finish = Finish.LENGTH;
    var stopText = Optional.<String>empty();
    String said = prompt.startsWith("say ") ? prompt.substring("say ".length()) : "";
    var request = generating.request();
    for (int i = 1; i < generating.prompt().length && request.promptLogprobs().isPresent(); i++) {
      events.put(new Happening.PromptToken(choice, likely(generating.prompt()[i])));
    }
    boolean isEndless = prompt.startsWith("forever");
    boolean isHeld = prompt.startsWith("hold");
    int room = CONTEXT - generating.prompt().length;
    while (isEndless || written < Math.min(room, generating.request().tokensMax())) {
      if (isHeld) {
        isHeld = !held.tryAcquire();
      }
      boolean waits = isHeld || !events.hasRoom();
      if (!events.hasRoom()) {
        paused.incrementAndGet();
      }
      if (stop.getCount() == 0) {
        cancelled.incrementAndGet();
        finish = Finish.CANCELLED;
        break;
      }
      if (waits) {
        sleep();
        continue;
      }
      if (prompt.startsWith("fail") && written == 2) {
        finish = Finish.FAILED;
        break;
      }
      if (!said.isEmpty() && written == said.length()) {
        finish = Finish.STOP;
        break;
      }
      String rest = said.substring(Math.min(written, said.length()));
      stopText = request.stop().stream().filter(text -> rest.startsWith(text)).findFirst();
      if (stopText.isPresent()) {
        finish = Finish.STOP;
        break;
      }
      int letter = said.isEmpty() ? 'a' + written % 26 : said.charAt(written);
      var logprobs =
          request.logprobs().isPresent()
              ? Optional.of(likely(letter))
              : Optional.<Happening.TokenLogprobs>empty();
      events.put(new Happening.Piece(choice, letter, Character.toString(letter), logprobs));
      written++;
    }
    underWay.decrementAndGet();
    int promptTokens = generating.number() == 0 ? generating.prompt().length : 0;
    events.put(
        new Happening.End(
            choice,
            finish,
            "",
            stopText,
            Optional.empty(),
            new TokenUsage(promptTokens, 0, written, 0, 0, 1, 1, written)));
  }

  private static Happening.TokenLogprobs likely(int token) {
    return new Happening.TokenLogprobs(
        -0.5f, List.of(new Happening.Likely(token, -0.5f), new Happening.Likely(122, -1.5f)));
  }

  private static void sleep() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public int stateSize() {
    return 2;
  }

  /// Vectors of how many tokens there are; of those that begin with `hold` there never are any.
  @Override
  public Vectors embed(List<int[]> inputs, EmbeddingOptions options) {
    boolean isHeld = tokenizer().decode(inputs.getFirst()).startsWith("hold");
    underWay.incrementAndGet();
    return new Vectors() {
      @Override
      public Optional<Embeddings> poll(Duration time) throws InterruptedException {
        if (isHeld) {
          Thread.sleep(time.toMillis());
          return Optional.empty();
        }
        var vectors = inputs.stream().map(input -> new float[] {input.length, -0.5f}).toList();
        return Optional.of(new Embeddings(vectors, tokensRead()));
      }

      @Override
      public long tokensRead() {
        return inputs.stream().mapToInt(input -> input.length).sum();
      }

      @Override
      public void close() {
        underWay.decrementAndGet();
      }
    };
  }

  @Override
  public About about() {
    return new About("fake", "26", "{{ tools }}");
  }

  @Override
  public Progress progress() {
    return new Progress(waiting, underWay.get(), 0, 0, 0, 0, steps);
  }

  @Override
  public long bytes() {
    return 1;
  }

  /// Every byte of UTF-8 is a token.
  private static final class Bytes implements Tokenizer {
    @Override
    public int[] encode(CharSequence text, boolean special) {
      return encodePlain(text, special);
    }

    @Override
    public int[] encodePlain(CharSequence text, boolean special) {
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      var ids = new int[bytes.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = bytes[i] & 0xff;
      }
      return ids;
    }

    @Override
    public int[] encodeTurns(CharSequence text, BitSet plain) {
      return encodePlain(text, false);
    }

    @Override
    public byte[] bytes(int token) {
      return new byte[] {(byte) token};
    }

    @Override
    public String piece(int token) {
      return Integer.toString(token);
    }

    @Override
    public boolean isControl(int token) {
      return false;
    }

    @Override
    public boolean endsGeneration(int token) {
      return false;
    }

    @Override
    public int vocabularySize() {
      return 256;
    }

    @Override
    public OptionalInt bos() {
      return OptionalInt.empty();
    }

    @Override
    public OptionalInt eos() {
      return OptionalInt.empty();
    }

    @Override
    public String decode(int... tokens) {
      var bytes = new byte[tokens.length];
      for (int i = 0; i < tokens.length; i++) {
        bytes[i] = (byte) tokens[i];
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public Decoder decoder(int... before) {
      return new Decoder() {
        @Override
        public String next(int token) {
          return Character.toString(token);
        }

        @Override
        public String finish() {
          return "";
        }
      };
    }

    @Override
    public Decoder markupDecoder(int... before) {
      return decoder(before);
    }
  }
}
