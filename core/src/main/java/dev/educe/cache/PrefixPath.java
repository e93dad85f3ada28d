package dev.educe.cache;

import java.util.Arrays;

/// A sequence's place in the prefix tree: how far its pages are those of the tree.
///
/// Follows the tree while it knows the sequence's next tokens, then adds what the sequence computes
/// itself. Not thread-safe: only the thread that steps may call it.
public final class PrefixPath implements AutoCloseable {
  private final PrefixTree tree;
  private final PageTable table;
  private final PrefixTree.Node root;
  private PrefixTree.Node node;
  private int depth; // pages up to the node
  private boolean isLeft;

  PrefixPath(PrefixTree tree, PrefixTree.Node root, PageTable table) {
    this.tree = tree;
    this.table = table;
    this.root = root;
    this.node = root;
  }

  /// Shares the tree's pages of the next tokens, one after the other, while there are any.
  ///
  /// Does nothing unless the table ends with the place in the tree: a page that is begun is
  /// computed to its end.
  ///
  /// @param tokens of the sequence
  /// @param end how many tokens may come from the tree at most
  /// @return how many tokens of the sequence are in its pages now, counted from its beginning
  public int follow(int[] tokens, int end) {
    int size = tree.pageTokens();
    while (!isLeft && table.count() == depth && (depth + 1) * size <= end) {
      var next = tree.find(node, tokens, depth * size);
      if (next == null) {
        break;
      }
      table.share(next.page);
      node = next;
      depth++;
    }
    return depth * size;
  }

  /// Shows the tree every full page that was computed since, or takes the tree's if it has the same
  /// already.
  ///
  /// A sequence that has let go of its first pages adds no more: nobody could use them without.
  ///
  /// @param tokens of the sequence
  /// @param computed how many of them are in its pages
  public void add(int[] tokens, int computed) {
    int size = tree.pageTokens();
    isLeft |= table.first() > 0;
    while (!isLeft && (depth + 1) * size <= computed) {
      int own = table.pages()[depth];
      node = tree.put(node, tokens, depth * size, own);
      if (node.page != own) {
        table.replace(depth, node.page);
      }
      depth++;
    }
  }

  /// Whether both go on from the same page with the same tokens, a whole page of them.
  ///
  /// @param tokens of this sequence
  /// @param other the way of another sequence
  /// @param otherTokens of that sequence
  public boolean goesOnLike(int[] tokens, PrefixPath other, int[] otherTokens) {
    int from = depth * tree.pageTokens();
    int to = from + tree.pageTokens();
    return node == other.node
        && !isLeft
        && !other.isLeft
        && Arrays.equals(tokens, from, to, otherTokens, from, to);
  }

  /// Leaves the tree with its pages as the most recently used ones. The table must be closed too,
  /// and the path may be used again from the beginning.
  @Override
  public void close() {
    if (!isLeft && table.first() == 0) {
      tree.touch(node);
    }
    node = root;
    depth = 0;
    isLeft = false;
  }
}
