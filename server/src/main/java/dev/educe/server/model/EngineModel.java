package dev.educe.server.model;

import dev.educe.EmbeddingOptions;
import dev.educe.EmbeddingRun;
import dev.educe.Embeddings;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.engine.Ended;
import dev.educe.engine.Event;
import dev.educe.engine.Finish;
import dev.educe.engine.Listener;
import dev.educe.engine.RefusedException;
import dev.educe.sampling.LogProbabilities;
import dev.educe.server.model.Happening.Likely;
import dev.educe.server.model.Happening.TokenLogprobs;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A model of this process's own engine.
public final class EngineModel implements ServedModel {
  private final Model model;

  private EngineModel(Model model) {
    this.model = model;
  }

  /// Loads it from a file.
  ///
  /// @throws IOException if it cannot be read
  public static EngineModel load(Path file, ModelOptions options) throws IOException {
    return new EngineModel(Model.load(file, options.loadOptions()));
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
  public Ticket start(Generating generating, Mailbox events) {
    var request =
        Request.of("")
            .withTokensMax(generating.tokensMax())
            .withSampling(generating.sampling())
            .withStop(generating.stop())
            .withTenant(generating.tenant())
            .withPriority(generating.priority())
            .withDeadline(generating.deadline());
    if (generating.logprobs().isPresent()) {
      request = request.withLogprobs(generating.logprobs().getAsInt());
    }
    var listener = new Posting(generating.choice(), events);
    try {
      var ticket = model.start(generating.prompt(), request, generating.number(), listener);
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
  public Progress progress() {
    var progress = model.progress();
    return new Progress(
        progress.waiting(),
        progress.running(),
        progress.paused(),
        progress.freePages(),
        progress.cachedPages(),
        progress.steps());
  }

  @Override
  public long bytes() {
    return model.memoryBytes();
  }

  @Override
  public void close() {
    model.close();
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
              ended.cause(),
              new TokenUsage(
                  usage.promptTokens(),
                  usage.cachedTokens(),
                  usage.generatedTokens(),
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
