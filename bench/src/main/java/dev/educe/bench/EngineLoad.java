package dev.educe.bench;

import dev.educe.Request;
import dev.educe.cli.load.Prompts;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.TokenRules;
import dev.educe.server.model.Generating;
import dev.educe.server.model.Happening;
import dev.educe.server.model.Mailbox;
import dev.educe.server.model.ServedModel;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// The load of clients who each wait for their answer, on a model without HTTP: what the server's
/// handlers have of it, and do nothing with.
final class EngineLoad {
  private final ServedModel model;
  private final Prompts prompts;
  private final Request request;
  private final int tokens;

  /// @param prompts of token ids
  EngineLoad(ServedModel model, Prompts prompts, int tokens) {
    this.model = model;
    this.prompts = prompts;
    this.tokens = tokens;
    this.request =
        Request.of("")
            .withTokensMax(tokens)
            .withSampling(Sampling.greedy().with(TokenRules.NONE.withMinTokens(tokens)));
  }

  /// @param tokenRate tokens written a second, in all
  /// @param tokenMillis mean of a token after the first, of the request that ended last
  record Figures(double tokenRate, double tokenMillis) {}

  Figures run(int clients, int requests) throws InterruptedException {
    var begun = new AtomicInteger();
    var tokenMillis = new double[clients];
    var threads = new ArrayList<Thread>();
    long start = System.nanoTime();
    for (int i = 0; i < clients; i++) {
      int client = i;
      threads.add(
          Thread.startVirtualThread(() -> {
            while (begun.getAndIncrement() < requests) {
              tokenMillis[client] = ask() / 1e6;
            }
          }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    long nanos = System.nanoTime() - start;
    return new Figures(1e9 * requests * tokens / nanos, tokenMillis[0]);
  }

  /// One request: nanoseconds of a token after the first.
  private double ask() {
    var mailbox = new Mailbox();
    model.start(new Generating(0, 0, (int[]) prompts.next(), request, false), mailbox);
    long first = 0;
    long last = 0;
    try {
      while (true) {
        mailbox.await();
        for (var next : mailbox.takeAll()) {
          if (next instanceof Happening.End) {
            return (double) (last - first) / Math.max(1, tokens - 1);
          }
        }
        last = System.nanoTime();
        first = first == 0 ? last : first;
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }
}
