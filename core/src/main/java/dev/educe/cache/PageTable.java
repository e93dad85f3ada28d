package dev.educe.cache;

import java.util.Arrays;

/// The pages of one sequence, in the order of its positions.
///
/// Position `p` lies in page `pages()[p / pageTokens]`. Not thread-safe: only the thread that steps
/// may call it.
public final class PageTable implements AutoCloseable {
  private final PagePool pool;
  private int[] pages = new int[8]; // [count] are in use
  private int count;

  /// An empty table whose pages come from, and return to, this pool.
  public PageTable(PagePool pool) {
    this.pool = pool;
  }

  /// Makes room for so many tokens in all, or changes nothing when too few pages are free.
  public boolean tryReserve(int tokens) {
    int wanted = Math.ceilDiv(tokens, pool.pageTokens());
    if (wanted <= count) {
      return true;
    }
    if (wanted > pages.length) {
      pages = Arrays.copyOf(pages, Math.max(wanted, pages.length * 2));
    }
    if (!pool.tryTake(pages, count, wanted - count)) {
      return false;
    }
    count = wanted;
    return true;
  }

  /// The page ids; only the first [#count] mean anything. Borrowed until the next reservation.
  public int[] pages() {
    return pages;
  }

  /// How many pages the sequence has.
  public int count() {
    return count;
  }

  /// Tokens there is room for.
  public int capacity() {
    return count * pool.pageTokens();
  }

  /// Returns all pages; the table is then empty and may be used again.
  @Override
  public void close() {
    while (count > 0) {
      pool.release(pages[--count]);
    }
  }
}
