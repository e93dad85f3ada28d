package dev.educe.grammar;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A grammar joined to a vocabulary: which tokens may come next, after any text.
///
/// The mask of a state is found by walking the vocabulary's tree with the automaton, once. What a
/// walk finds inside a rule is the same wherever the rule is called from, so it is found once for
/// all callers: the tokens that stay inside, and the nodes where the rule may end, from which the
/// walk goes on with each caller. Thread-safe; share one among all who use the same grammar.
///
/// Source: Dong et al. 2024, "XGrammar", on tokens that do not depend on the context.
public final class TokenGrammar {
  // Masks kept, of states and of rules: some 16 kB each for a vocabulary of 128,000.
  private static final int MASKS_MAX = 512;

  /// What a walk inside a rule found.
  ///
  /// @param mask tokens after which the rule is still open
  /// @param returns nodes at which it may end
  private record Inside(long[] mask, int[] returns) {}

  private final Program program;
  private final Automaton automaton;
  private final TokenTrie trie;
  private final Automaton.State start;
  private final int[] path; // by depth, states by number
  private final Map<Automaton.State, long[]> masks = lru();
  private final Map<Automaton.State, Inside> insides = lru();
  private int[] returnNodes = new int[64];

  TokenGrammar(Program program, TokenTrie trie) {
    this.program = program;
    this.automaton = new Automaton(program);
    this.trie = trie;
    this.path = new int[trie.depthMax() + 1];
    this.start = automaton.start();
  }

  private static <V> Map<Automaton.State, V> lru() {
    return new LinkedHashMap<>(16, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<Automaton.State, V> eldest) {
        return size() > MASKS_MAX;
      }
    };
  }

  /// A text that has not begun.
  public TokenMatcher matcher() {
    return new TokenMatcher(this, start);
  }

  /// How many tokens the vocabulary has.
  public int vocabularySize() {
    return trie.vocabularySize();
  }

  /// About how much memory it takes by now, masks included.
  synchronized long bytes() {
    long words = (trie.vocabularySize() + 63) >> 6;
    return program.bytes() + automaton.bytes() + 8 * words * (masks.size() + insides.size());
  }

  TokenTrie trie() {
    return trie;
  }

  /// The state after a token's bytes; dead if they do not fit.
  synchronized Automaton.State advance(Automaton.State state, int token) {
    automaton.trim();
    Automaton.State at = state;
    for (byte value : trie.bytes(token)) {
      at = automaton.step(at, value);
      if (at.isDead()) {
        break;
      }
    }
    return at;
  }

  /// Which tokens may come next: bit *i* of the words is token *i*. Borrowed, not to be changed.
  synchronized long[] mask(Automaton.State state) {
    long[] mask = masks.get(state);
    if (mask == null) {
      mask = compute(state);
      masks.put(state, mask);
    }
    return mask;
  }

  private long[] compute(Automaton.State state) {
    automaton.trim();
    long[] mask = new long[(trie.vocabularySize() + 63) >> 6];
    for (int way = 0; way < state.ways(); way++) {
      Inside inside = inside(state.pc(way), state.frame(way));
      for (int i = 0; i < mask.length; i++) {
        mask[i] |= inside.mask[i];
      }
      if (inside.returns.length > 0) {
        Automaton.State after = automaton.after(state.frame(way).underLoops());
        for (int node : inside.returns) {
          if (!after.isDead()) {
            mark(trie.nodes()[node], mask);
          }
          walk(trie.nodes(), after, node, mask);
        }
      }
    }
    if (state.isFinal) {
      for (int token : trie.ends()) {
        mask[token >> 6] |= 1L << token;
      }
    }
    return mask;
  }

  private Inside inside(int pc, Frame frame) {
    Automaton.State root = automaton.inside(pc, frame, trie.depthMax());
    Inside inside = insides.get(root);
    if (inside == null) {
      long[] mask = new long[(trie.vocabularySize() + 63) >> 6];
      inside = new Inside(mask, walkAll(root, mask));
      insides.put(root, inside);
    }
    return inside;
  }

  /// Marks the tokens that fit.
  ///
  /// @return the nodes at which the rule may end
  private int[] walkAll(Automaton.State state, long[] mask) {
    int plain = automaton.plainLength(state, trie.depthMax());
    if (plain == Automaton.UNEVEN) {
      return Arrays.copyOf(returnNodes, walk(trie.nodes(), state, 0, mask));
    }
    trie.addPlain(plain, mask);
    int[] returns = Arrays.copyOf(returnNodes, walk(trie.rough(), state, 0, mask));
    Arrays.setAll(returns, i -> trie.place(returns[i]));
    return returns;
  }

  /// Marks the tokens below a node that fit.
  ///
  /// @param nodes of a tree of tokens
  /// @param state after the bytes down to the node
  /// @return how many nodes [#returnNodes] lists at which the rule may end
  private int walk(long[] nodes, Automaton.State state, int root, long[] mask) {
    int returns = 0;
    int end = TokenTrie.end(nodes[root]);
    path[TokenTrie.depth(nodes[root])] = automaton.number(state);
    int at = root + 1;
    while (at < end) {
      long node = nodes[at];
      int depth = TokenTrie.depth(node);
      int next = automaton.step(path[depth - 1], TokenTrie.label(node));
      if (next == 0) {
        at = TokenTrie.end(node);
        continue;
      }
      path[depth] = next;
      if ((next & Automaton.GOES_ON) != 0) {
        mark(node, mask);
      }
      if ((next & Automaton.RETURNS) != 0) {
        if (returns == returnNodes.length) {
          returnNodes = Arrays.copyOf(returnNodes, 2 * returns);
        }
        returnNodes[returns++] = at;
      }
      at++;
    }
    return returns;
  }

  private void mark(long node, long[] mask) {
    for (int token = TokenTrie.first(node); token >= 0; token = trie.same(token)) {
      mask[token >> 6] |= 1L << token;
    }
  }
}
