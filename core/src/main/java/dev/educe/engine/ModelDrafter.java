package dev.educe.engine;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.cache.PageTable;
import dev.educe.cache.PrefixPath;
import dev.educe.cache.PrefixTree;
import dev.educe.platform.Clock;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.NumericalException;
import dev.educe.sampling.Sampler;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// A smaller model of the same vocabulary guesses.
///
/// It has pages and a prefix tree of its own and reads what the sequences read, a chunk at a time,
/// so that nobody waits long for it; who is not read to the end has no guesses yet. It draws the
/// numbers that the sequence's own sampler will draw, so that its guesses come true wherever the
/// models agree, at any temperature.
///
/// Source: Leviathan, Kalman and Matias 2023, "Fast Inference from Transformers via Speculative
/// Decoding"; kept is only what plain sampling draws, see NUMERICS.
public final class ModelDrafter implements Drafter {
  // Tokens of all sequences that a call reads at most before it guesses.
  private static final int READ_MAX = 128;

  private static final double TIME_CHANGE = 0.2;

  /// How far a sequence was read.
  private final class Reader {
    final Draft draft;
    final Sampler sampler;
    final PageTable table = new PageTable(executor.pages());
    final PrefixPath path;
    int[] read = new int[0]; // the tokens that are in the pages, guesses included
    int computed; // how many
    boolean isBroken; // the model has no numbers for it

    Reader(Draft draft) {
      this.draft = draft;
      this.sampler = draft.sampler().guesser();
      this.path = tree.path(draft.key(), table);
    }

    /// Tokens and guesses to be read before the next guess.
    int behind() {
      return draft.count() + draft.guessed() - computed;
    }

    /// Forgets the guesses that did not come true, and takes what the tree knows.
    void rewind() {
      int same = 0;
      int end = Math.min(computed, draft.count() - 1);
      while (same < end && read[same] == draft.tokens()[same]) {
        same++;
      }
      computed = same;
      table.releaseFrom(computed);
      computed = Math.max(computed, path.follow(draft.tokens(), draft.count() - 1));
    }

    void computed(int more) {
      computed += more;
      path.add(draft.tokens(), Math.min(computed, draft.count() - 1));
    }

    /// Remembers what is in the pages, before the sequence goes another way.
    void remember() {
      if (read.length < computed) {
        read = new int[Math.max(computed, 2 * read.length)];
      }
      System.arraycopy(draft.tokens(), 0, read, 0, computed);
    }

    boolean wantsGuess() {
      return !isBroken && draft.guessed() < draft.wanted();
    }

    void close() {
      path.close();
      table.close();
    }
  }

  private final Executor executor;
  private final Candidates candidates;
  private final Clock clock;
  private final PrefixTree tree;
  private final Batch batch;
  private final Map<Draft, Reader> readers = new IdentityHashMap<>();
  private final List<Reader> slices = new ArrayList<>(); // of the batch
  private double guessNanos = 1;
  private boolean hasGuessed;

  /// @param executor of the smaller model; this drafter's from now on
  /// @param candidates of its vocabulary's size; this drafter's from now on
  public ModelDrafter(Executor executor, Candidates candidates, Clock clock) {
    this.executor = executor;
    this.candidates = candidates;
    this.clock = clock;
    this.tree = new PrefixTree(executor.pages());
    this.batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
  }

  @Override
  public void draft(List<Draft> drafts) {
    var asked = new ArrayList<Reader>(drafts.size());
    for (Draft draft : drafts) {
      var reader = readers.computeIfAbsent(draft, Reader::new);
      if (!reader.isBroken) {
        reader.rewind();
        asked.add(reader);
      }
    }
    read(asked);
    while (guess(asked)) {}
    asked.forEach(Reader::remember);
  }

  /// Reads what was not guessed, but for the last token of each.
  private void read(List<Reader> asked) {
    int room = Math.min(READ_MAX, executor.batchTokensMax());
    begin();
    for (Reader reader : asked) {
      int count = Math.min(reader.behind() - 1, room);
      if (count > 0 && reserve(reader, count)) {
        add(reader, count, 0);
        room -= count;
      }
    }
    if (batch.tokens() > 0) {
      run();
    }
  }

  /// One guess for each that wants one and was read to the end.
  ///
  /// @return whether there were any
  private boolean guess(List<Reader> asked) {
    long start = clock.nanos();
    begin();
    for (Reader reader : asked) {
      boolean isReady = reader.wantsGuess() && reader.behind() == 1;
      if (isReady && batch.logits() < executor.batchLogitsMax() && reserve(reader, 1)) {
        add(reader, 1, 1);
      }
    }
    if (batch.tokens() == 0) {
      return false;
    }
    int guesses = batch.tokens();
    run();
    for (int row = 0; row < slices.size(); row++) {
      choose(slices.get(row), row);
    }
    double nanos = (double) (clock.nanos() - start) / guesses;
    // The first one is slow, for the code is cold.
    guessNanos += hasGuessed ? TIME_CHANGE * (nanos - guessNanos) : 0;
    hasGuessed = true;
    return true;
  }

  private void choose(Reader reader, int row) {
    if (reader.isBroken) {
      return;
    }
    var draft = reader.draft;
    long bytes = executor.logitsStride() * Float.BYTES;
    MemorySegment logits =
        executor.logits().asSlice(row * bytes, (long) candidates.vocabularySize() * Float.BYTES);
    try {
      int count = draft.count() + draft.guessed();
      draft.add(reader.sampler.next(logits, draft.tokens(), count, candidates));
    } catch (NumericalException | IllegalArgumentException _) {
      reader.isBroken = true; // a bias for a token that this model does not know, for instance
    }
  }

  private void begin() {
    batch.clear();
    slices.clear();
  }

  private boolean reserve(Reader reader, int count) {
    int tokens = reader.computed + count;
    int missing = Math.ceilDiv(tokens, executor.pages().pageTokens()) - reader.table.count();
    if (missing > executor.pages().freePages()) {
      tree.evict(missing - executor.pages().freePages());
    }
    return reader.table.tryReserve(tokens);
  }

  private void add(Reader reader, int count, int logits) {
    batch.add(reader.table, reader.computed, reader.draft.tokens(), reader.computed, count, logits);
    slices.add(reader);
  }

  private void run() {
    int[] counts = new int[slices.size()];
    for (int slice = 0; slice < counts.length; slice++) {
      counts[slice] = batch.sliceStart(slice + 1) - batch.sliceStart(slice);
    }
    executor.forward(batch);
    for (int slice = 0; slice < counts.length; slice++) {
      var reader = slices.get(slice);
      reader.isBroken |= batch.failure(slice).isPresent();
      reader.computed(counts[slice]);
    }
  }

  @Override
  public double guessNanos() {
    return guessNanos;
  }

  @Override
  public void forget(Draft draft) {
    var reader = readers.remove(draft);
    if (reader != null) {
      reader.close();
    }
  }

  @Override
  public void close() {
    executor.close();
  }
}
