package dev.educe.cache;

import java.util.Arrays;

/// The pages of one sequence, in the order of its positions.
///
/// Position `p` lies in page `pages()[p / pageTokens]`. A table may share pages with others, and it
/// may let go of its first ones when nobody will read them again. Not thread-safe: only the thread
/// that steps may call it.
public final class PageTable implements AutoCloseable {
  private final PagePool pool;
  private int[] pages = new int[8]; // [count] are in use
  private int count;
  private int first; // pages before this index are no longer held

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

  /// Adds a page that somebody else holds too.
  public void share(int page) {
    if (count == pages.length) {
      pages = Arrays.copyOf(pages, count * 2);
    }
    pool.share(page);
    pages[count++] = page;
  }

  /// Holds another page, of the same content, in the place of one of its own.
  public void replace(int index, int page) {
    assert index >= first && index < count : "page " + index + " is not held";
    pool.share(page);
    pool.release(pages[index]);
    pages[index] = page;
  }

  /// Lets go of the pages that lie wholly before a position. They count on, but mean nothing.
  public void releaseBefore(int position) {
    int end = Math.min(position / pool.pageTokens(), count);
    while (first < end) {
      pool.release(pages[first++]);
    }
  }

  /// Lets go of the pages that lie wholly behind so many tokens.
  public void releaseFrom(int tokens) {
    int kept = Math.max(first, Math.ceilDiv(tokens, pool.pageTokens()));
    while (count > kept) {
      pool.release(pages[--count]);
    }
  }

  /// The page ids; only those from [#first] to [#count] mean anything. Borrowed until the next
  /// reservation.
  public int[] pages() {
    return pages;
  }

  /// The index of the first page that is held.
  public int first() {
    return first;
  }

  /// How many pages the sequence has, those it let go of included.
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
    while (count > first) {
      pool.release(pages[--count]);
    }
    count = 0;
    first = 0;
  }
}
