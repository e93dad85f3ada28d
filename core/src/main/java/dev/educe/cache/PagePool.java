package dev.educe.cache;

/// Hands out the pages of the KV cache and counts who uses each.
///
/// A page holds the keys and values of [#pageTokens] consecutive tokens, in every layer. Sequences
/// that share a prefix share its pages, so a page returns to the pool only when its last user
/// releases it. Nothing is allocated after construction. Not thread-safe: only the thread that
/// steps may call it.
///
/// Source: Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving",
/// section 4.2.
public final class PagePool {
  /// Sixteen million pages: more than memory can hold, and low enough to catch a byte count passed
  /// by mistake.
  public static final int PAGES_MAX = 1 << 24;

  private final int pageTokens;
  private final int[] users; // [pages]; 0 means free
  private final int[] free; // a stack of page ids; the top is free[freeCount - 1]
  private int freeCount;

  /// @param pages how many pages the cache holds, from 1 to [#PAGES_MAX]
  /// @param pageTokens how many tokens a page holds, a power of two
  /// @throws IllegalArgumentException if either is out of range
  public PagePool(int pages, int pageTokens) {
    if (pages < 1 || pages > PAGES_MAX) {
      throw new IllegalArgumentException("pages must be 1 to " + PAGES_MAX + ", got " + pages);
    }
    if (pageTokens < 1 || Integer.bitCount(pageTokens) != 1) {
      throw new IllegalArgumentException("pageTokens must be a power of two, got " + pageTokens);
    }
    this.pageTokens = pageTokens;
    this.users = new int[pages];
    this.free = new int[pages];
    // Lowest ids on top, so that a lightly loaded cache touches little memory.
    for (int page = pages - 1; page >= 0; page--) {
      free[freeCount++] = page;
    }
  }

  /// Takes `count` pages for one user each, or none at all when fewer are free.
  ///
  /// @param target receives the page ids, from `offset` on
  /// @return whether the pages were taken; a full cache is an everyday answer, not an error
  public boolean tryTake(int[] target, int offset, int count) {
    if (count > freeCount) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      int page = free[--freeCount];
      assert users[page] == 0
          : "page " + page + " was on the free stack with " + users[page] + " users";
      users[page] = 1;
      target[offset + i] = page;
    }
    return true;
  }

  /// Adds a user to a page that has one.
  public void share(int page) {
    assert users[page] > 0 : "page " + page + " is free and cannot be shared";
    users[page]++;
  }

  /// Takes away one user; the last one puts the page back.
  public void release(int page) {
    assert users[page] > 0 : "page " + page + " was released twice";
    if (--users[page] == 0) {
      free[freeCount++] = page;
    }
  }

  /// Tokens of a page.
  public int pageTokens() {
    return pageTokens;
  }

  /// How many pages there are.
  public int pages() {
    return users.length;
  }

  /// How many use a page; 0 means that it is free.
  public int users(int page) {
    return users[page];
  }

  /// How many pages nobody uses.
  public int freePages() {
    return freeCount;
  }
}
