package dev.educe.cache;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Remembers full pages by the tokens that led to them, so that sequences that begin alike compute
/// their beginning once.
///
/// A node is a page; the way from the root to it spells the tokens of all pages up to it. Tokens
/// are compared on every hit: a hash only finds where to look. The tree is one of a page's users,
/// so a page stays when its sequence ends, until [#evict] needs it: then leaves go that no sequence
/// uses, least recently used ones first. Not thread-safe: only the thread that steps may call it.
///
/// Source: Zheng et al. 2024, "SGLang: Efficient Execution of Structured Language Model Programs",
/// section 3.
public final class PrefixTree {
  private final PagePool pool;
  private final int hashMask;
  private final Map<PrefixKey, Node> roots = new HashMap<>();
  private final Node recency; // a ring of all nodes: `newer` of this is the oldest
  private int pages;

  /// An empty tree over the pages of a pool.
  public PrefixTree(PagePool pool) {
    this(pool, -1);
  }

  /// @param hashMask the bits of a hash that count; tests leave few, so that hashes collide
  PrefixTree(PagePool pool, int hashMask) {
    this.pool = pool;
    this.hashMask = hashMask;
    this.recency = new Node(null, null, -1);
    recency.newer = recency;
    recency.older = recency;
  }

  /// A page, and what may follow it.
  static final class Node {
    final Node parent;
    final PageTokens tokens;
    final int page;
    final Map<PageTokens, Node> children = new HashMap<>(2);
    Node older;
    Node newer;

    Node(Node parent, PageTokens tokens, int page) {
      this.parent = parent;
      this.tokens = tokens;
      this.page = page;
    }
  }

  /// The tokens of a page; equal if all of them are.
  private record PageTokens(int[] tokens, int hash) {
    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof PageTokens that && Arrays.equals(tokens, that.tokens);
    }
  }

  /// The way of a new sequence, whose table is empty.
  public PrefixPath path(PrefixKey key, PageTable table) {
    return new PrefixPath(this, roots.computeIfAbsent(key, _ -> new Node(null, null, -1)), table);
  }

  /// The page after a node that holds these tokens, or null.
  Node find(Node node, int[] tokens, int from) {
    return node.children.isEmpty() ? null : node.children.get(tokens(tokens, from));
  }

  /// The page after a node that holds these tokens: the one that is known, or else this one.
  Node put(Node node, int[] tokens, int from, int page) {
    return node.children.computeIfAbsent(
        tokens(tokens, from),
        key -> {
          pool.share(page);
          pages++;
          var added = new Node(node, key, page);
          append(added);
          return added;
        });
  }

  private PageTokens tokens(int[] tokens, int from) {
    int[] copy = Arrays.copyOfRange(tokens, from, from + pool.pageTokens());
    return new PageTokens(copy, Arrays.hashCode(copy) & hashMask);
  }

  /// Makes all pages on the way to a node the most recently used ones, the node the oldest of them.
  void touch(Node node) {
    for (Node each = node; each.parent != null; each = each.parent) {
      unlink(each);
      append(each);
    }
  }

  /// Gives up pages that no sequence uses, as many as this if there are so many.
  ///
  /// @return how many were freed
  public int evict(int wanted) {
    int freed = 0;
    int before;
    // Parents are more recent than their children, so one pass is enough, but for those that a
    // sequence left unsorted.
    do {
      before = freed;
      Node node = recency.newer;
      while (freed < wanted && node != recency) {
        Node next = node.newer;
        if (node.children.isEmpty() && pool.users(node.page) == 1) {
          remove(node);
          freed++;
        }
        node = next;
      }
    } while (freed < wanted && freed > before);
    return freed;
  }

  private void remove(Node leaf) {
    leaf.parent.children.remove(leaf.tokens);
    unlink(leaf);
    pool.release(leaf.page);
    pages--;
  }

  /// How many pages the tree holds.
  public int pages() {
    return pages;
  }

  /// Counts every page: those of the tables and of the tree must be all that are in use.
  ///
  /// @param tables of all sequences that hold pages
  /// @throws IllegalStateException if a page has other users than these
  public void checkIntegrity(Iterable<PageTable> tables) {
    int[] users = new int[pool.pages()];
    for (PageTable table : tables) {
      for (int i = table.first(); i < table.count(); i++) {
        users[table.pages()[i]]++;
      }
    }
    int nodes = 0;
    for (Node node = recency.newer; node != recency; node = node.newer) {
      users[node.page]++;
      nodes++;
      check(
          node.parent.children.get(node.tokens) == node, "page %d is lost in the tree", node.page);
    }
    check(nodes == pages, "the tree counts %d pages and holds %d", pages, nodes);
    int free = 0;
    for (int page = 0; page < users.length; page++) {
      check(
          users[page] == pool.users(page),
          "page %d has %d users, the pool says %d",
          page,
          users[page],
          pool.users(page));
      free += users[page] == 0 ? 1 : 0;
    }
    check(free == pool.freePages(), "%d pages are free, the pool says %d", free, pool.freePages());
  }

  private static void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalStateException(message.formatted(values));
    }
  }

  private void append(Node node) {
    node.older = recency.older;
    node.newer = recency;
    node.older.newer = node;
    recency.older = node;
  }

  private static void unlink(Node node) {
    node.older.newer = node.newer;
    node.newer.older = node.older;
  }

  /// Tokens of a page.
  int pageTokens() {
    return pool.pageTokens();
  }
}
