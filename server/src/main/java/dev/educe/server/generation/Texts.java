package dev.educe.server.generation;

import dev.educe.server.access.Budget;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.ClientGoneException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Pulse;
import dev.educe.server.http.Took;
import dev.educe.server.model.Catalogue;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening;
import dev.educe.server.model.Happening.TokenUsage;
import dev.educe.server.model.Mailbox;
import dev.educe.server.model.Refusal;
import dev.educe.server.model.ServedModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The texts of one request while they are generated: started together, and ended together when one
/// fails or their client leaves.
///
/// They hold what they have of the engine and of the tenant's budget until they are closed, which
/// happens in one place whatever became of them.
public final class Texts implements AutoCloseable {
  private final Service service;
  private final Exchange exchange;
  private final String model;
  private final Mailbox mailbox = new Mailbox();
  private final ArrayDeque<Happening> taken = new ArrayDeque<>(); // from there, not handed over yet
  private final List<ServedModel.Ticket> tickets = new ArrayList<>();
  private final TokenUsage[] usages; // [choices]; of those that have ended
  private final boolean[] hasBegun; // [choices]
  private final Budget.Reservation reservation;
  private final boolean[] isEnough; // [choices]; of those that were ended on purpose
  private int underWay;
  private long firstNanos; // from the request's head to its first token, sent

  /// Starts them.
  ///
  /// @param generating numbered by choice, from 0
  /// @param prompt the parameter that the prompts came in
  /// @throws ApiException if they are not taken on
  /// @throws ClientGoneException if the client has left while its request was read and its prompt
  ///   made
  public Texts(
      Service service,
      Exchange exchange,
      Catalogue.Lease lease,
      String prompt,
      List<Generating> generating) {
    this.service = service;
    this.exchange = exchange;
    this.model = lease.name();
    this.usages = new TokenUsage[generating.size()];
    this.hasBegun = new boolean[generating.size()];
    this.isEnough = new boolean[generating.size()];
    if (exchange.isClientGone()) {
      throw new ClientGoneException();
    }
    reservation =
        service
            .budgets()
            .of(exchange.caller())
            .reserve(cost(lease, generating), exchange.canWait());
    try {
      for (Generating text : generating) {
        tickets.add(lease.model().start(text.withPriority(exchange.priority()), mailbox));
        underWay++;
      }
    } catch (RuntimeException refused) {
      close();
      throw refused instanceof ApiException told ? about(prompt, told.error()) : refused;
    }
  }

  private static ApiException about(String prompt, ApiError error) {
    boolean isAboutPrompt = error.code().equals("context_length_exceeded");
    return new ApiException(isAboutPrompt ? error.withParam(prompt) : error);
  }

  /// What they may take at most; a prompt that several share is counted for each.
  private static long cost(Catalogue.Lease lease, List<Generating> generating) {
    long tokens = 0;
    for (Generating text : generating) {
      int prompt = text.prompt().length;
      long room = Math.max(0, lease.model().contextLength() - prompt);
      tokens += prompt + Math.min(room, text.request().tokensMax());
    }
    return tokens;
  }

  /// Hands over what happens, until all texts have ended.
  ///
  /// What has come is on its way before more is waited for. Texts that are written quicker than the
  /// [Pace] are sent at that pace, some pieces at once.
  ///
  /// @param happened is told of it, on this thread
  /// @param silent is run when nothing has happened for as long as a stream may be silent
  /// @throws ApiException if a text failed
  /// @throws ClientGoneException if the client has left
  public void each(Consumer<Happening> happened, Runnable silent) {
    try (var _ = new Pulse(mailbox::nudge)) {
      long lastNanos = System.nanoTime();
      long lookedNanos = lastNanos;
      boolean isQuick = false;
      while (underWay > 0) {
        await(isQuick);
        taken.addAll(mailbox.takeAll());
        boolean hasNews = !taken.isEmpty();
        while (!taken.isEmpty()) {
          var next = taken.poll();
          see(next);
          happened.accept(next);
          begun(next);
        }
        exchange.flush();
        long now = System.nanoTime();
        isQuick = hasNews && now - lastNanos < service.pace().nanos();
        lastNanos = hasNews ? now : lastNanos;
        if (now - lookedNanos >= Pulse.NANOS) {
          lookedNanos = now;
          if (exchange.isClientGone()) {
            throw new ClientGoneException();
          }
        }
        if (now - lastNanos >= service.heartbeat().toNanos()) {
          silent.run();
          exchange.flush();
          lastNanos = now;
        }
      }
    }
  }

  /// For anything; or, of quick texts, until the next beat.
  private void await(boolean isQuick) {
    try {
      if (isQuick) {
        mailbox.await(Mailbox.MANY, service.pace().nanosLeft());
      } else {
        mailbox.await();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw Refusal.CLOSED.error("The server is shutting down.", 0);
    }
  }

  private void see(Happening happening) {
    switch (happening) {
      case Happening.PromptToken _ -> {}
      case Happening.Piece _ -> {}
      case Happening.End end -> {
        ended(end);
        switch (end.finish()) {
          case STOP, LENGTH -> {}
          case FAILED -> throw Failures.of(end.cause());
          case CANCELLED -> {
            if (!isEnough[end.choice()]) {
              throw Failures.tookTooLong();
            }
          }
        }
      }
    }
  }

  /// Sends a text's first piece at once, and notes when the connection has taken it: what clients
  /// call the time to the first token ends there. Of an answer that is sent whole it is when the
  /// piece was there.
  private void begun(Happening happening) {
    if (happening instanceof Happening.Piece piece
        && !piece.text().isEmpty()
        && !hasBegun[piece.choice()]) {
      hasBegun[piece.choice()] = true;
      exchange.flush();
      long nanos = System.nanoTime() - exchange.startNanos();
      if (firstNanos == 0) {
        firstNanos = nanos;
        service.pace().begun();
      }
      service.metrics().firstToken(model, nanos);
    }
  }

  /// Ends a text that has said what was wanted of it; its end comes as that of a cancelled one.
  void enough(int choice) {
    isEnough[choice] = true;
    tickets.get(choice).cancel();
  }

  private void ended(Happening.End end) {
    underWay--;
    usages[end.choice()] = end.usage();
    String finish = end.finish().name().toLowerCase(Locale.ROOT);
    service.metrics().ended(model, finish, end.usage());
  }

  /// What all texts have taken; the tokens of a prompt that several share count once.
  public TokenUsage usage() {
    int prompt = 0;
    int cached = 0;
    int generated = 0;
    for (TokenUsage usage : usages) {
      if (usage != null) {
        prompt += usage.promptTokens();
        cached += usage.cachedTokens();
        generated += usage.generatedTokens();
      }
    }
    return new TokenUsage(prompt, cached, generated, 0, 0, 0, 0, 0);
  }

  /// Ends what is under way, waits for its end, and settles the tenant's budget by what was used.
  @Override
  public void close() {
    if (firstNanos > 0) {
      service.pace().ended();
    }
    if (underWay > 0) {
      tickets.forEach(ServedModel.Ticket::cancel);
      drain();
    }
    long used = 0;
    for (TokenUsage usage : usages) {
      used += usage == null ? 0 : usage.promptTokens() + usage.generatedTokens();
    }
    reservation.settle(used);
    var all = usage();
    exchange.took(
        new Took(all.promptTokens(), all.cachedTokens(), all.generatedTokens(), firstNanos));
  }

  /// A cancelled text ends at the engine's next step; one that does not is given up, and counted as
  /// nothing.
  private void drain() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    try {
      while (System.nanoTime() - deadline < 0) {
        taken.addAll(mailbox.takeAll());
        while (!taken.isEmpty()) {
          if (taken.poll() instanceof Happening.End end) {
            ended(end);
          }
        }
        if (underWay == 0) {
          return;
        }
        mailbox.await(Mailbox.MANY, Pulse.NANOS);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
