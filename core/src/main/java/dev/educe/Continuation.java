package dev.educe;

import dev.educe.engine.Ended;
import dev.educe.engine.Engine;
import dev.educe.engine.Event;
import dev.educe.engine.EventQueue;
import dev.educe.engine.Finish;
import dev.educe.engine.TokenText;
import dev.educe.engine.Work;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Sampler;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// One generation under way: each piece is what the next token made certain, perhaps nothing.
///
/// The engine runs it, a few tokens ahead of its reader, and pauses it when nobody reads. One
/// thread reads; any may cancel. An interrupt of the reading thread cancels, too.
public final class Continuation implements Iterator<String>, AutoCloseable {
  // How far generation runs ahead: enough that a reader never waits for the engine's next step.
  private static final int TOKENS_AHEAD = 32;

  private final Request request;
  private final EventQueue events;
  private final Engine.Ticket ticket;
  private final List<Integer> tokens = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private volatile boolean isCancelled;
  private Ended end; // once the engine has ended it

  Continuation(Model model, Request request) {
    this(model, request, model.tokenizer().encode(request.prompt(), request.special()));
  }

  private Continuation(Model model, Request request, int[] prompt) {
    this(model, request, prompt, model.tokenizer().decoder(prompt), List.of());
  }

  /// @param prompt in place of the request's
  Continuation(
      Model model,
      Request request,
      int[] prompt,
      Tokenizer.Decoder decoder,
      List<LogitsProcessor> processors) {
    this.request = request;
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt is empty; give at least one character");
    }
    var engine = model.engine();
    this.events = new EventQueue(TOKENS_AHEAD, engine::wake);
    var sampler = new Sampler(request.sampling(), 0, model.vocabulary(), prompt.length, processors);
    long nanosMax = request.deadline().toNanos();
    this.ticket =
        engine.submit(
            Work.of(prompt, request.tokensMax(), model.key(request.tenant()), sampler, events)
                .withPriority(request.priority())
                .withDeadlines(nanosMax, nanosMax)
                .withText(
                    token -> !request.ignoreEnd() && sampler.ends(token),
                    TokenText.of(decoder, request.stop())));
  }

  @Override
  public boolean hasNext() {
    return end == null;
  }

  /// The next piece of text as soon as it is there, empty if the token did not make any certain.
  ///
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  @Override
  public String next() {
    if (end != null) {
      throw new NoSuchElementException("the generation has ended");
    }
    String piece =
        switch (take()) {
          case Event.Token token -> {
            tokens.add(token.id());
            yield token.text();
          }
          case Ended ended -> {
            end = ended;
            yield ended.text();
          }
        };
    if (end != null && end.finish() == Finish.FAILED) {
      throw end.cause().orElseThrow();
    }
    text.append(piece);
    return piece;
  }

  /// The next event; of a cancelled generation, the last.
  private Event take() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          Event event = events.take();
          if (!isCancelled || event instanceof Ended) {
            return event;
          }
        } catch (InterruptedException _) {
          interrupted = true;
          cancel();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Ends the generation at the engine's next step, unless it has ended by then; its last piece
  /// comes at once. From any thread.
  public void cancel() {
    isCancelled = true;
    ticket.cancel();
  }

  /// The finished generation.
  ///
  /// @throws IllegalStateException if there are pieces to be read still
  public Generation result() {
    if (end == null) {
      throw new IllegalStateException("the generation has not ended");
    }
    var usage = end.usage();
    return new Generation(
        text.toString(),
        List.copyOf(tokens),
        finish(),
        new Generation.Usage(
            usage.promptTokens(),
            usage.cachedTokens(),
            usage.generatedTokens(),
            usage.prefillNanos(),
            usage.queueNanos() + usage.prefillNanos(),
            usage.decodeNanos(),
            request.sampling().seed()));
  }

  private Generation.Finish finish() {
    if (isCancelled) {
      return Generation.Finish.CANCELLED;
    }
    return switch (end.finish()) {
      case STOP -> Generation.Finish.STOP;
      case LENGTH -> Generation.Finish.LENGTH;
      case CANCELLED, FAILED -> Generation.Finish.CANCELLED;
    };
  }

  /// Cancels the generation unless it has ended.
  @Override
  public void close() {
    if (end == null) {
      cancel();
    }
  }
}
