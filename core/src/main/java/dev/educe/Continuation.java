package dev.educe;

import dev.educe.engine.TokenText;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import dev.educe.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/// One generation under way: each piece is what the next token made certain, perhaps nothing.
///
/// Used by one thread. Holds its part of the cache until it is closed.
final class Continuation implements Iterator<String>, AutoCloseable {
  private final Model model;
  private final Request request;
  private final Tokenizer tokenizer;
  private final TokenText stops;
  private final Sampler sampler;
  private final Candidates candidates;
  private final Model.Pages pages;
  private final StringBuilder text = new StringBuilder();
  private final int promptTokens;
  private final int tokensMax;
  private final long start = System.nanoTime();
  private int[] tokens; // the prompt, then what was generated
  private int count; // how many tokens there are
  private int computed; // how many of them are in the cache
  private long promptNanos;
  private long firstTokenNanos;
  private long lastTokenNanos;
  private Generation.Finish finish; // set once the generation has ended
  private boolean handedOver; // the last piece too

  Continuation(Model model, Request request) {
    this.model = model;
    this.request = request;
    this.tokenizer = model.tokenizer();
    this.tokens = tokenizer.encode(request.prompt(), request.special());
    this.count = tokens.length;
    this.promptTokens = count;
    if (count == 0) {
      throw new IllegalArgumentException("the prompt is empty; give at least one character");
    }
    if (count >= model.contextLength()) {
      throw new IllegalArgumentException(
          "the prompt has %,d tokens and leaves no room for an answer in the context of %,d"
              .formatted(count, model.contextLength()));
    }
    this.tokensMax = Math.min(request.tokensMax(), model.contextLength() - count);
    this.stops = TokenText.of(tokenizer.decoder(tokens), request.stop());
    this.sampler = new Sampler(request.sampling(), 0);
    this.candidates = new Candidates(model.vocabularySize());
    if (tokensMax == 0) {
      finish = Generation.Finish.LENGTH;
    }
    this.pages = model.take(count + tokensMax);
  }

  @Override
  public boolean hasNext() {
    return !handedOver;
  }

  /// The next piece of text, empty if the token did not make any certain.
  @Override
  public String next() {
    if (handedOver) {
      throw new NoSuchElementException("the generation has ended");
    }
    var piece = new StringBuilder();
    if (finish == null) {
      if (Thread.currentThread().isInterrupted()) {
        finish = Generation.Finish.CANCELLED;
      } else {
        piece.append(advance());
      }
    }
    if (finish != null) {
      piece.append(stops.finish());
      handedOver = true;
    }
    text.append(piece);
    return piece.toString();
  }

  private String advance() {
    int token = nextToken();
    long now = System.nanoTime();
    if (count == promptTokens) {
      firstTokenNanos = now - start;
    }
    lastTokenNanos = now - start;
    if (tokenizer.endsGeneration(token) && !request.ignoreEnd()) {
      finish = Generation.Finish.STOP;
      return "";
    }
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, count + Math.min(tokensMax, count) + 16);
    }
    tokens[count++] = token;
    String certain = stops.next(token);
    if (stops.stopped()) {
      finish = Generation.Finish.STOP;
    } else if (count - promptTokens == tokensMax) {
      finish = Generation.Finish.LENGTH;
    }
    return certain;
  }

  /// Computes what is not in the cache yet, chunk by chunk, and chooses the token that follows.
  private int nextToken() {
    while (true) {
      int chunk = Math.min(count - computed, model.executor().batchTokensMax());
      boolean last = computed + chunk == count;
      model.lock().lock();
      try {
        model.step(pages, computed, tokens, computed, chunk, last ? 1 : 0);
        computed += chunk;
        if (count == promptTokens) {
          promptNanos = System.nanoTime() - start;
        }
        if (last) {
          return sampler.next(model.logitsRow(0), tokens, count, candidates);
        }
      } finally {
        model.lock().unlock();
      }
    }
  }

  /// The finished generation.
  Generation result() {
    return new Generation(
        text.toString(),
        Arrays.stream(tokens, promptTokens, count).boxed().toList(),
        finish,
        new Generation.Usage(
            promptTokens,
            count - promptTokens,
            promptNanos,
            firstTokenNanos,
            lastTokenNanos - firstTokenNanos,
            request.sampling().seed()));
  }

  @Override
  public void close() {
    pages.close();
  }
}
