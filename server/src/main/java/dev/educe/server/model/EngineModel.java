package dev.educe.server.model;

import dev.educe.Chat;
import dev.educe.ChatPrompt;
import dev.educe.ChatRequest;
import dev.educe.ChatTemplate;
import dev.educe.EmbeddingOptions;
import dev.educe.EmbeddingRun;
import dev.educe.Embeddings;
import dev.educe.Model;
import dev.educe.engine.Ended;
import dev.educe.engine.Event;
import dev.educe.engine.Finish;
import dev.educe.engine.Listener;
import dev.educe.engine.RefusedException;
import dev.educe.grammar.GrammarCache;
import dev.educe.sampling.LogProbabilities;
import dev.educe.server.model.Happening.Likely;
import dev.educe.server.model.Happening.TokenLogprobs;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.template.TemplateException;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// A model of this process's own engine.
public final class EngineModel implements ServedModel {
  private static final System.Logger LOG = System.getLogger(EngineModel.class.getName());

  private final Model model;
  private final Optional<Gap> gap;
  private final About about;
  private final Supplier<Chat> chat;

  private EngineModel(Model model, Optional<Gap> gap, About about, Supplier<Chat> chat) {
    this.model = model;
    this.gap = gap;
    this.about = about;
    this.chat = chat;
  }

  /// A loaded model, served as its source says; it is borrowed.
  ///
  /// @throws IOException if the chat template that is to replace its own cannot be read, or what it
  ///   fills gaps with is damaged
  static EngineModel of(Model model, EngineCatalogue.Source source) throws IOException {
    var given = given(source.options().chatTemplate());
    return new EngineModel(
        model,
        GapTokens.of(model),
        about(model),
        given.isPresent() ? () -> model.chat(given.get()) : own(model, source.file()));
  }

  /// Whether it is this model that is served.
  boolean runs(Model model) {
    return this.model == model;
  }

  private static Optional<ChatTemplate> given(String template) throws IOException {
    return switch (template) {
      case "" -> Optional.empty();
      case "chatml" -> Optional.of(ChatTemplate.chatml());
      case "plain" -> Optional.of(ChatTemplate.plain());
      default -> {
        try {
          yield Optional.of(ChatTemplate.parse(Files.readString(Path.of(template))));
        } catch (TemplateException e) {
          throw new IOException(template + ": " + e.getMessage(), e);
        }
      }
    };
  }

  /// Said once and aloud where conversations are not written as the model has it: a template that
  /// is wrong is not replaced, and one that is missing is by roles as words.
  private static Supplier<Chat> own(Model model, Path file) {
    try {
      if (model.chatTemplate().isEmpty()) {
        LOG.log(
            Level.WARNING,
            file + " has no chat template; conversations are written plainly, see chat-template");
        return () -> model.chat(ChatTemplate.plain());
      }
    } catch (TemplateException e) {
      LOG.log(
          Level.WARNING,
          "%s: its chat template is wrong, and conversations are refused: %s"
              .formatted(file, e.getMessage()));
    }
    return model::chat;
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public Tokenizer tokenizer() {
    return model.tokenizer();
  }

  @Override
  public GrammarCache grammars() {
    return model.grammars();
  }

  @Override
  public Optional<Gap> gap() {
    return gap;
  }

  @Override
  public ChatPrompt prompt(ChatRequest request) {
    return chat.get().prompt(request);
  }

  @Override
  public void checkRoom(String tenant) {
    try {
      model.checkRoom(tenant);
    } catch (RefusedException e) {
      throw Refusal.of(e);
    }
  }

  @Override
  public Ticket start(Generating generating, Mailbox events) {
    int[] prompt = generating.prompt();
    var tokenizer = model.tokenizer();
    var decoder =
        generating.hasMarkup() ? tokenizer.markupDecoder(prompt) : tokenizer.decoder(prompt);
    var listener = new Posting(generating.choice(), events);
    try {
      var ticket =
          model.start(prompt, generating.request(), generating.number(), decoder, listener);
      events.onRoom(ticket::resume);
      return ticket::cancel;
    } catch (RefusedException e) {
      throw Refusal.of(e);
    }
  }

  @Override
  public int stateSize() {
    return model.stateSize();
  }

  @Override
  public Vectors embed(List<int[]> inputs, EmbeddingOptions options) {
    try {
      return new Run(model.embedder().start(inputs, options));
    } catch (RefusedException e) {
      throw Refusal.of(e);
    }
  }

  @Override
  public About about() {
    return about;
  }

  private static About about(Model model) throws IOException {
    var said = model.metadata();
    return new About(
        said.findString("general.architecture").orElse(""),
        said.findString("general.size_label").orElse(""),
        said.findString("tokenizer.chat_template").orElse(""));
  }

  @Override
  public Progress progress() {
    var progress = model.progress();
    return new Progress(
        progress.waiting(),
        progress.running(),
        progress.paused(),
        progress.pages(),
        progress.freePages(),
        progress.cachedPages(),
        progress.steps());
  }

  @Override
  public long bytes() {
    return model.memoryBytes();
  }

  /// Texts that the engine reads.
  private record Run(EmbeddingRun run) implements Vectors {
    @Override
    public Optional<Embeddings> poll(Duration time) throws InterruptedException {
      return run.await(time) ? Optional.of(run.result()) : Optional.empty();
    }

    @Override
    public long tokensRead() {
      return run.promptTokens();
    }

    @Override
    public void close() {
      run.close();
    }
  }

  /// Puts the events of one text into a request's mailbox.
  private record Posting(int choice, Mailbox events) implements Listener {
    @Override
    public boolean hasRoom() {
      return events.hasRoom();
    }

    @Override
    public void promptToken(LogProbabilities logprobs) {
      events.put(new Happening.PromptToken(choice, of(logprobs)));
    }

    @Override
    public void token(Event.Token token) {
      events.put(
          new Happening.Piece(choice, token.id(), token.text(), token.logprobs().map(Posting::of)));
    }

    @Override
    public void ended(Ended ended) {
      var usage = ended.usage();
      events.put(
          new Happening.End(
              choice,
              finish(ended.finish()),
              ended.text(),
              ended.stop(),
              ended.cause(),
              new TokenUsage(
                  usage.promptTokens(),
                  usage.cachedTokens(),
                  usage.generatedTokens(),
                  usage.draftedTokens(),
                  usage.rejectedTokens(),
                  usage.queueNanos(),
                  usage.prefillNanos(),
                  usage.decodeNanos())));
    }

    private static TokenLogprobs of(LogProbabilities all) {
      var top = new ArrayList<Likely>();
      for (int rank = 0; rank < all.count(); rank++) {
        top.add(new Likely(all.token(rank), all.logProbability(rank)));
      }
      return new TokenLogprobs(all.logProbability(), top);
    }

    private static Happening.Finish finish(Finish finish) {
      return switch (finish) {
        case STOP -> Happening.Finish.STOP;
        case LENGTH -> Happening.Finish.LENGTH;
        case CANCELLED -> Happening.Finish.CANCELLED;
        case FAILED -> Happening.Finish.FAILED;
      };
    }
  }
}
