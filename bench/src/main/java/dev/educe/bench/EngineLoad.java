package dev.educe.bench;

import dev.educe.Model;
import dev.educe.Request;
import dev.educe.cli.load.Prompts;
import dev.educe.engine.Ended;
import dev.educe.engine.Event;
import dev.educe.engine.Listener;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.TokenRules;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// The load of clients who each wait for their answer, on an engine without a server.
final class EngineLoad {
  private final Model model;
  private final Prompts prompts;
  private final Request request;
  private final int tokens;

  /// @param prompts of token ids
  EngineLoad(Model model, Prompts prompts, int tokens) {
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
    var begun = new AtomicInteger(clients);
    var over = new CountDownLatch(requests);
    var decodeNanos = new long[1];
    long start = System.nanoTime();
    for (int i = 0; i < clients; i++) {
      start(begun, requests, over, decodeNanos);
    }
    over.await();
    long nanos = System.nanoTime() - start;
    return new Figures(
        1e9 * requests * tokens / nanos, decodeNanos[0] / 1e6 / Math.max(1, tokens - 1));
  }

  /// Starts a request, and at its end the next.
  private void start(AtomicInteger begun, int requests, CountDownLatch over, long[] decodeNanos) {
    int[] prompt = (int[]) prompts.next();
    var listener =
        new Listener() {
          @Override
          public void token(Event.Token token) {}

          @Override
          public void ended(Ended ended) {
            decodeNanos[0] = ended.usage().decodeNanos();
            if (begun.getAndIncrement() < requests) {
              start(begun, requests, over, decodeNanos);
            }
            over.countDown();
          }
        };
    model.start(prompt, request, 0, model.tokenizer().decoder(prompt), listener);
  }
}
