package dev.educe.grammar;

import dev.educe.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// The bytes of all tokens of a vocabulary as a tree, laid out depth first.
///
/// Most tokens are made of plain bytes alone: those of ASCII text that mean themselves in JSON.
/// Where all of these lead to the same state, as in a string, nobody has to look at each: they are
/// listed apart, and the other tokens have a tree of their own, the rough one.
///
/// Node 0 is the root; a node's subtree are the nodes up to its `end`. A token that is never text,
/// as `<|im_end|>`, is spelled as its name between two bytes that no text holds; a grammar that
/// wants it spells it with [#special]. Immutable and thread-safe.
///
/// Source: the layout is that of llguidance's "toktrie".
public final class TokenTrie {
  // Never a byte of UTF-8.
  private static final byte SPECIAL = (byte) 0xff;

  // By node, one word, so that a walk is one stream of loads: the byte that leads to it, its depth
  // (the root's is 0), the first node that is not below it, and 1 + the first token that ends
  // there.
  private static final int DEPTH_SHIFT = 8;
  private static final int END_SHIFT = 18;
  private static final int TOKEN_SHIFT = 41;
  private static final int DEPTH_MAX = (1 << END_SHIFT - DEPTH_SHIFT) - 1;
  private static final int NODES_MAX = 1 << TOKEN_SHIFT - END_SHIFT;

  private final long[] nodes;
  private final long[] rough; // laid out as `nodes`, of the tokens that are not plain
  private final int[] places; // by node of `rough`: the same in `nodes`
  private final int[] plain; // tokens, those with the most bytes first
  private final long[] plainMask;
  private final int[] same; // by token; another one of the same bytes, or -1
  private final byte[][] bytes; // by token; empty where it is not in the tree
  private final int[] ends; // the tokens that end a generation
  private final int depthMax;

  private TokenTrie(byte[][] bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
    this.same = new int[bytes.length];
    Arrays.fill(same, -1);
    var order = new ArrayList<Integer>();
    int longest = 0;
    long nodesMax = 1;
    for (int token = 0; token < bytes.length; token++) {
      if (bytes[token].length > 0) {
        order.add(token);
        longest = Math.max(longest, bytes[token].length);
        nodesMax += bytes[token].length;
      }
    }
    if (nodesMax > NODES_MAX) {
      throw new GrammarException(
          "the vocabulary has %,d bytes; grammars work with up to %,d"
              .formatted(nodesMax, NODES_MAX));
    }
    order.sort(Comparator.comparing(token -> bytes[token], Arrays::compareUnsigned));
    this.depthMax = longest;
    this.nodes = layOut(order, new long[(int) nodesMax]);
    this.plainMask = new long[(bytes.length + 63) >> 6];
    this.plain =
        order.stream()
            .filter(token -> isPlain(bytes[token]))
            .sorted(Comparator.comparing(token -> -bytes[token].length))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int token : plain) {
      plainMask[token >> 6] |= 1L << token;
    }
    order.removeIf(token -> isPlain(bytes[token]));
    this.rough = layOut(order, new long[(int) nodesMax]);
    this.places = places(nodes, rough);
  }

  private static boolean isPlain(byte[] bytes) {
    for (byte value : bytes) {
      if (!isPlain(value)) {
        return false;
      }
    }
    return true;
  }

  /// Whether a byte is of ASCII text that means itself in JSON.
  static boolean isPlain(byte value) {
    return value >= ' ' && value < 0x7f && value != '"' && value != '\\';
  }

  /// Where the nodes of a tree are in another that has all of them.
  private static int[] places(long[] all, long[] some) {
    int[] places = new int[some.length];
    int at = 1;
    for (int i = 1; i < some.length; i++) {
      while (depth(all[at]) != depth(some[i]) || label(all[at]) != label(some[i])) {
        at = depth(all[at]) < depth(some[i]) ? at + 1 : end(all[at]);
      }
      places[i] = at++;
    }
    return places;
  }

  /// The tree of a vocabulary.
  public static TokenTrie of(Tokenizer tokenizer) {
    int size = tokenizer.vocabularySize();
    byte[][] bytes = new byte[size][];
    var ends = new ArrayList<Integer>();
    for (int token = 0; token < size; token++) {
      if (tokenizer.endsGeneration(token)) {
        ends.add(token);
        bytes[token] = new byte[0];
      } else if (tokenizer.isControl(token)) {
        bytes[token] = special(tokenizer.piece(token));
      } else {
        bytes[token] = text(tokenizer.bytes(token));
      }
    }
    return new TokenTrie(bytes, ends.stream().mapToInt(Integer::intValue).toArray());
  }

  /// How the token of this name is spelled in the tree, if it is never text.
  static byte[] special(String piece) {
    byte[] name = piece.getBytes(StandardCharsets.UTF_8);
    byte[] spelled = new byte[name.length + 2];
    System.arraycopy(name, 0, spelled, 1, name.length);
    spelled[0] = SPECIAL;
    spelled[spelled.length - 1] = SPECIAL;
    return spelled;
  }

  /// The token of this name, if it is never text.
  static Expression specialExpression(String piece) {
    var parts = new ArrayList<Expression>();
    for (byte value : special(piece)) {
      parts.add(new Expression.Bytes(ByteSet.of(value)));
    }
    return Expression.sequence(parts);
  }

  // A token that holds a byte no text has would only be mistaken for the beginning of a name.
  private static byte[] text(byte[] bytes) {
    for (byte value : bytes) {
      if (value == SPECIAL) {
        return new byte[0];
      }
    }
    return bytes.length > DEPTH_MAX ? new byte[0] : bytes;
  }

  private long[] layOut(List<Integer> order, long[] words) {
    int[] path = new int[depthMax + 1]; // the nodes from the root to the last one
    int count = 1;
    int open = 0; // the depth of the last one
    byte[] before = new byte[0];
    for (int token : order) {
      byte[] spelled = bytes[token];
      int shared = Arrays.mismatch(before, spelled);
      shared = shared < 0 ? spelled.length : Math.min(shared, before.length);
      for (; open > shared; open--) {
        words[path[open]] |= (long) count << END_SHIFT;
      }
      for (; open < spelled.length; open++) {
        words[count] = spelled[open] & 0xff | (long) (open + 1) << DEPTH_SHIFT;
        path[open + 1] = count++;
      }
      int node = path[spelled.length];
      same[token] = first(words[node]);
      words[node] = words[node] & (1L << TOKEN_SHIFT) - 1 | token + 1L << TOKEN_SHIFT;
      before = spelled;
    }
    for (; open >= 0; open--) {
      words[path[open]] |= (long) count << END_SHIFT;
    }
    return Arrays.copyOf(words, count);
  }

  /// All that is known of each node.
  long[] nodes() {
    return nodes;
  }

  /// The tree of the tokens that are not plain.
  long[] rough() {
    return rough;
  }

  /// The node of the whole tree that a node of the rough one is.
  int place(int index) {
    return places[index];
  }

  /// Adds the plain tokens of up to so many bytes to a mask.
  void addPlain(int lengthMax, long[] mask) {
    if (lengthMax == 0) {
      return;
    }
    long[] added = plainMask;
    if (lengthMax < depthMax) {
      added = plainMask.clone();
      for (int i = 0; i < plain.length && bytes[plain[i]].length > lengthMax; i++) {
        added[plain[i] >> 6] &= ~(1L << plain[i]);
      }
    }
    for (int i = 0; i < mask.length; i++) {
      mask[i] |= added[i];
    }
  }

  /// The byte that leads to a node.
  static byte label(long node) {
    return (byte) node;
  }

  /// How many bytes lead to a node.
  static int depth(long node) {
    return (int) (node >>> DEPTH_SHIFT) & DEPTH_MAX;
  }

  /// The first node that is not below a node.
  static int end(long node) {
    return (int) (node >>> END_SHIFT) & NODES_MAX - 1;
  }

  /// The first token that ends at a node, or -1.
  static int first(long node) {
    return (int) (node >>> TOKEN_SHIFT) - 1;
  }

  /// Another token of the same bytes, or -1.
  int same(int token) {
    return same[token];
  }

  /// The bytes of a token; empty if none are text.
  byte[] bytes(int token) {
    return bytes[token];
  }

  /// The tokens that end a generation.
  int[] ends() {
    return ends;
  }

  /// The bytes of the longest token.
  int depthMax() {
    return depthMax;
  }

  /// How many tokens the vocabulary has.
  public int vocabularySize() {
    return bytes.length;
  }
}
