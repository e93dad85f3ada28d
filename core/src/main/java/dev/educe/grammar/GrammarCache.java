package dev.educe.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/// Grammars by what they were made of, so that a request that asks for the same as one before does
/// not compile it again. Those not used for the longest are forgotten when their bytes become too
/// many. Thread-safe; who asks for a grammar that another thread is compiling waits for it, and few
/// are compiled at once, so that a model that runs beside keeps its processors.
public final class GrammarCache {
  // A key and the maps' own, for a grammar that takes next to nothing.
  private static final long ENTRY_BYTES = 512;

  private record Entry(CompletableFuture<TokenGrammar> grammar, long keyBytes) {
    /// Of what is being compiled, only the key counts.
    long bytes() {
      boolean isThere = grammar.state() == CompletableFuture.State.SUCCESS;
      return keyBytes + (isThere ? grammar.join().bytes() : 0);
    }
  }

  // So many at once, whoever asks: the rest of the processors is the model's.
  private final Semaphore compiling =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 4));
  private final TokenTrie vocabulary;
  private final long bytesMax;
  private final Map<Object, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  /// @param bytesMax what the grammars and their masks may take; a larger one is not kept
  public GrammarCache(TokenTrie vocabulary, long bytesMax) {
    this.vocabulary = vocabulary;
    this.bytesMax = bytesMax;
  }

  /// The JSON that a schema admits.
  ///
  /// @throws GrammarException as [Grammar#schema] has it
  /// @throws CancellationException if the thread is interrupted
  public TokenGrammar schema(String schema, SchemaOptions options) {
    record Key(String schema, SchemaOptions options) {}
    return get(new Key(schema, options), schema.length(), () -> Grammar.schema(schema, options));
  }

  /// The texts that a regular expression matches.
  ///
  /// @throws GrammarException as [Grammar#regex] has it
  /// @throws CancellationException if the thread is interrupted
  public TokenGrammar regex(String regex) {
    record Key(String regex) {}
    return get(new Key(regex), regex.length(), () -> Grammar.regex(regex));
  }

  /// The texts of a grammar in GBNF.
  ///
  /// @throws GrammarException as [Grammar#gbnf] has it
  /// @throws CancellationException if the thread is interrupted
  public TokenGrammar gbnf(String text) {
    record Key(String gbnf) {}
    return get(new Key(text), text.length(), () -> Grammar.gbnf(text));
  }

  /// The texts of a part.
  ///
  /// @throws GrammarException as [Grammar#of] has it
  /// @throws CancellationException if the thread is interrupted
  public TokenGrammar of(Part part) {
    return get(part, 4L * part.toString().length(), () -> Grammar.of(part));
  }

  private TokenGrammar get(Object key, long keyLength, Supplier<Grammar> compile) {
    while (true) {
      var made = new CompletableFuture<TokenGrammar>();
      CompletableFuture<TokenGrammar> known = claim(key, keyLength, made);
      if (known != null) {
        try {
          return known.get();
        } catch (ExecutionException failure) {
          if (failure.getCause() instanceof GrammarException problem) {
            throw problem;
          }
          continue; // whoever compiled it gave up
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          Interruption.check();
          continue;
        }
      }
      try {
        made.complete(compile(compile).over(vocabulary));
        return made.join();
      } catch (GrammarException | CancellationException problem) {
        made.completeExceptionally(problem);
        throw problem;
      } finally {
        made.completeExceptionally(new CancellationException()); // where an error got in the way
        settle(key, made);
      }
    }
  }

  private Grammar compile(Supplier<Grammar> compile) {
    try {
      compiling.acquire();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      Interruption.check();
    }
    try {
      return compile.get();
    } finally {
      compiling.release();
    }
  }

  /// The grammar that somebody else makes or made; null if it is the caller's to make.
  private synchronized CompletableFuture<TokenGrammar> claim(
      Object key, long keyLength, CompletableFuture<TokenGrammar> made) {
    Entry known = entries.get(key);
    if (known != null) {
      return known.grammar;
    }
    entries.put(key, new Entry(made, ENTRY_BYTES + 2 * keyLength));
    evict();
    return null;
  }

  /// Keeps what was made, if it was and is not too large.
  private synchronized void settle(Object key, CompletableFuture<TokenGrammar> made) {
    Entry entry = entries.get(key);
    boolean isOurs = entry != null && entry.grammar == made;
    if (isOurs && (made.isCompletedExceptionally() || entry.bytes() > bytesMax)) {
      entries.remove(key);
    }
    evict();
  }

  /// Forgets the grammars not used for the longest, until the rest is within the bound. Masks grow
  /// while a grammar is used, so the sum is taken anew.
  private void evict() {
    long bytes = bytes();
    var eldest = entries.values().iterator();
    while (bytes > bytesMax && eldest.hasNext()) {
      Entry entry = eldest.next();
      if (entry.grammar.isDone()) {
        bytes -= entry.bytes();
        eldest.remove();
      }
    }
  }

  /// About how much memory the grammars take.
  public synchronized long bytes() {
    return entries.values().stream().mapToLong(Entry::bytes).sum();
  }

  /// How many grammars there are.
  public synchronized int size() {
    return entries.size();
  }
}
