package dev.educe;

import dev.educe.engine.Ended;
import dev.educe.engine.Engine;
import dev.educe.engine.Event;
import dev.educe.engine.EventQueue;
import dev.educe.engine.Finish;
import dev.educe.engine.Listener;
import dev.educe.engine.TokenText;
import dev.educe.engine.Work;
import dev.educe.sampling.LogProbabilities;
import dev.educe.sampling.Sampler;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import java.util.function.Supplier;

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
  private final List<LogProbabilities> logprobs = new ArrayList<>();
  // Written by the engine's thread before the first event.
  private final List<LogProbabilities> promptLogprobs = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private volatile boolean isCancelled;
  private Ended end; // once the engine has ended it

  /// @param prompt in tokens; the request's own does not count
  /// @param decoder of the text that is handed over
  /// @param number among the continuations of this prompt, from 0
  Continuation(Model model, Request request, int[] prompt, Tokenizer.Decoder decoder, int number) {
    this.request = request;
    var engine = model.engine();
    this.events = new EventQueue(TOKENS_AHEAD, engine::wake);
    var work = work(model, prompt, request, decoder, number, events);
    this.ticket = engine.submit(withPrompt(work, request, promptLogprobs::add));
  }

  /// A request in the engine's terms, but for the probabilities of its prompt.
  static Work work(
      Model model,
      int[] prompt,
      Request request,
      Tokenizer.Decoder decoder,
      int number,
      Listener listener) {
    var sampler =
        new Sampler(
            request.sampling(),
            number,
            model.vocabulary(),
            prompt.length,
            request.processors(),
            request.constraint().map(Supplier::get));
    long nanosMax = request.deadline().toNanos();
    var stopIds = request.sampling().rules().stopIds();
    return Work.of(prompt, request.tokensMax(), model.key(request.tenant()), sampler, listener)
        .withPriority(request.priority())
        .withDeadlines(nanosMax, nanosMax)
        .withText(
            request.ignoreEnd() ? stopIds::contains : sampler::ends,
            TokenText.of(decoder, request.stop()))
        .withLogprobs(request.logprobs())
        .withSharedPrompt(number > 0);
  }

  /// The same with the probabilities of its prompt, if the request asks for them.
  static Work withPrompt(Work work, Request request, Consumer<LogProbabilities> promptTokens) {
    if (request.promptLogprobs().isEmpty()) {
      return work;
    }
    int count = request.promptLogprobs().getAsInt();
    int[] prompt = work.prompt();
    return work.withRows((position, logits, scratch) -> {
      if (position + 1 < prompt.length) {
        promptTokens.accept(LogProbabilities.of(logits, prompt[position + 1], count, scratch));
      }
    });
  }

  /// Reads several to their ends, and closes them.
  static List<Generation> toTheirEnds(List<Continuation> started) {
    try {
      // They take turns, so that none pauses for long while another is read.
      for (boolean goesOn = true; goesOn; ) {
        goesOn = false;
        for (var continuation : started) {
          if (continuation.hasNext()) {
            continuation.next();
            goesOn = true;
          }
        }
      }
      return started.stream().map(Continuation::result).toList();
    } finally {
      started.forEach(Continuation::close);
    }
  }

  @Override
  public boolean hasNext() {
    return end == null;
  }

  /// The next piece of text as soon as it is there, empty if the token did not make any certain.
  ///
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  /// @throws dev.educe.sampling.ConstraintException if the request's constraint leaves no token
  /// @throws RuntimeException what a processor or the constraint of the request throws
  @Override
  public String next() {
    if (end != null) {
      throw new NoSuchElementException("the generation has ended");
    }
    String piece =
        switch (take()) {
          case Event.Token token -> {
            tokens.add(token.id());
            token.logprobs().ifPresent(logprobs::add);
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

  /// The ids of the pieces that were read so far: a view.
  public List<Integer> tokens() {
    return Collections.unmodifiableList(tokens);
  }

  /// How likely the model found each of [#tokens], if that was asked for; else empty: a view.
  public List<LogProbabilities> logprobs() {
    return Collections.unmodifiableList(logprobs);
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
        List.copyOf(logprobs),
        List.copyOf(promptLogprobs),
        finish(),
        new Generation.Usage(
            usage.promptTokens(),
            usage.cachedTokens(),
            usage.generatedTokens(),
            usage.draftedTokens(),
            usage.rejectedTokens(),
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
