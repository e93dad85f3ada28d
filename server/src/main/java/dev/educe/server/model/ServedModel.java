package dev.educe.server.model;

import dev.educe.ChatPrompt;
import dev.educe.ChatRequest;
import dev.educe.EmbeddingOptions;
import dev.educe.Embeddings;
import dev.educe.grammar.GrammarCache;
import dev.educe.server.http.ApiException;
import dev.educe.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A loaded model, as handlers see it. Thread-safe.
public interface ServedModel {
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

  /// Refuses a request that would be refused whatever it asks for, before work is put into it.
  ///
  /// @throws ApiException if too many wait already; see [Refusal]
  void checkRoom(String tenant);

  /// Starts to generate a text, and returns at once.
  ///
  /// @param events is told what becomes of it
  /// @throws ApiException if it is not taken on; see [Refusal]
  Ticket start(Generating generating, Mailbox events);

  /// Values of a vector that a text becomes.
  int stateSize();

  /// Starts to turn texts into vectors, and returns at once.
  ///
  /// @param inputs their tokens
  /// @throws ApiException if they are not taken on; see [Refusal]
  /// @throws dev.educe.format.UnsupportedModelException if the model gives no vectors
  Vectors embed(List<int[]> inputs, EmbeddingOptions options);

  /// What its file says of it.
  About about();

  /// How the engine is getting on.
  Progress progress();

  /// Memory it takes, off the heap.
  long bytes();

  /// The tokens around a gap: what comes before it, what comes after it, and where to fill it.
  record Gap(int before, int after, int here) {
    /// The prompt that asks for what is missing between two texts.
    ///
    /// @param left the tokens of the first
    /// @param right those of the other
    public int[] around(Tokenizer tokenizer, int[] left, int[] right) {
      var tokens = new int[left.length + right.length + 3];
      boolean hasBos =
          left.length > 0 && tokenizer.bos().isPresent() && left[0] == tokenizer.bos().getAsInt();
      int begin = hasBos ? 1 : 0;
      System.arraycopy(left, 0, tokens, 0, begin);
      tokens[begin] = before;
      System.arraycopy(left, begin, tokens, begin + 1, left.length - begin);
      tokens[left.length + 1] = after;
      System.arraycopy(right, 0, tokens, left.length + 2, right.length);
      tokens[tokens.length - 1] = here;
      return tokens;
    }
  }

  /// What a model's file says of it; empty where it says nothing.
  ///
  /// @param family its architecture, as `llama`
  /// @param size how many weights it has, as `7B`
  /// @param template of conversations, in Jinja
  record About(String family, String size, String template) {
    /// Nothing is said.
    public static final About UNKNOWN = new About("", "", "");
  }

  /// A text under way.
  @FunctionalInterface
  interface Ticket {
    /// Ends it at the engine's next step, unless it has ended by then.
    void cancel();
  }

  /// Texts that become vectors.
  interface Vectors extends AutoCloseable {
    /// Waits for them; what has kept them from it is thrown as the engine has it.
    ///
    /// @return empty if they are not all there within this time
    Optional<Embeddings> poll(Duration time) throws InterruptedException;

    /// Tokens that were read so far.
    long tokensRead();

    /// Gives up what was not read.
    @Override
    void close();
  }

  /// How an engine is getting on.
  ///
  /// @param waiting requests that wait for their first step
  /// @param running texts that are being generated
  /// @param paused of those, how many wait for their clients
  /// @param pages that the cache has
  /// @param freePages pages of the cache that nobody uses
  /// @param cachedPages pages that hold what may be needed again
  /// @param steps how many there were
  record Progress(
      int waiting, int running, int paused, int pages, int freePages, int cachedPages, long steps) {
    /// Whether there is work that ought to go on.
    public boolean hasWork() {
      return waiting > 0 || running > paused;
    }
  }
}
