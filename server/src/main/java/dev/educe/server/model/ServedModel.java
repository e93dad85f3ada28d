package dev.educe.server.model;

import dev.educe.ChatPrompt;
import dev.educe.ChatRequest;
import dev.educe.grammar.GrammarCache;
import dev.educe.server.http.ApiException;
import dev.educe.tokenizer.Tokenizer;
import java.util.Optional;

/// A loaded model, as handlers see it. Thread-safe.
public interface ServedModel extends AutoCloseable {
  /// Tokens a prompt and its continuation may have together.
  int contextLength();

  /// Text to ids and back.
  Tokenizer tokenizer();

  /// Grammars over its vocabulary.
  GrammarCache grammars();

  /// The tokens that ask it to fill a gap in a text, if it knows any.
  Optional<Gap> gap();

  /// Writes a conversation as this model wants it.
  ///
  /// @throws dev.educe.template.TemplateException if its template refuses the conversation
  /// @throws IllegalArgumentException if something asked for cannot be enforced
  ChatPrompt prompt(ChatRequest request);

  /// Starts to generate a text, and returns at once.
  ///
  /// @param events is told what becomes of it
  /// @throws ApiException if it is not taken on; see [Refusal]
  Ticket start(Generating generating, Mailbox events);

  /// How the engine is getting on.
  Progress progress();

  /// Memory it takes, off the heap.
  long bytes();

  /// Ends what is under way and frees the memory.
  @Override
  void close();

  /// The tokens around a gap: what comes before it, what comes after it, and where to fill it.
  record Gap(int before, int after, int here) {}

  /// A text under way.
  @FunctionalInterface
  interface Ticket {
    /// Ends it at the engine's next step, unless it has ended by then.
    void cancel();
  }

  /// How an engine is getting on.
  ///
  /// @param waiting requests that wait for their first step
  /// @param running texts that are being generated
  /// @param paused of those, how many wait for their clients
  /// @param freePages pages of the cache that nobody uses
  /// @param cachedPages pages that hold what may be needed again
  /// @param steps how many there were
  record Progress(
      int waiting, int running, int paused, int freePages, int cachedPages, long steps) {
    /// Whether there is work that ought to go on.
    public boolean hasWork() {
      return waiting > 0 || running > paused;
    }
  }
}
