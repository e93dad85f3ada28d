package dev.educe.grammar;

import java.util.OptionalInt;

/// How far one text has come in its grammar, token by token. Not thread-safe.
public final class TokenMatcher {
  private final TokenGrammar grammar;
  private Automaton.State state;
  private boolean hasEnded;

  TokenMatcher(TokenGrammar grammar, Automaton.State state) {
    this.grammar = grammar;
    this.state = state;
  }

  /// A matcher of its own that has come as far.
  public TokenMatcher copy() {
    var copy = new TokenMatcher(grammar, state);
    copy.hasEnded = hasEnded;
    return copy;
  }

  /// Which tokens may come next: bit *i* of the words is token *i*; a token that ends generation is
  /// among them where the text may end. Borrowed until the next call of [#accept], not to be
  /// changed.
  ///
  /// @throws GrammarException if the grammar turns out too ambiguous
  public long[] allowed() {
    return grammar.mask(state);
  }

  /// Goes on by a token.
  ///
  /// @return whether it fits; if it does not, nothing has changed
  /// @throws GrammarException if the grammar turns out too ambiguous
  public boolean accept(int token) {
    if (hasEnded) {
      return false;
    }
    for (int end : grammar.trie().ends()) {
      if (end == token) {
        hasEnded = state.isFinal;
        return hasEnded;
      }
    }
    if (grammar.trie().bytes(token).length == 0) {
      return false;
    }
    Automaton.State next = grammar.advance(state, token);
    if (next.isDead()) {
      return false;
    }
    state = next;
    return true;
  }

  /// Whether the text may end here.
  public boolean mayEnd() {
    return state.isFinal;
  }

  /// A token that ends the text, where it may end.
  public OptionalInt end() {
    int[] ends = grammar.trie().ends();
    return mayEnd() && ends.length > 0 ? OptionalInt.of(ends[0]) : OptionalInt.empty();
  }

  /// Whether it must end here: no text goes on.
  public boolean mustEnd() {
    return hasEnded || state.ways() == 0;
  }

  /// The only token that may come next, if there is just one.
  public OptionalInt forced() {
    int found = -1;
    long[] mask = allowed();
    for (int i = 0; i < mask.length; i++) {
      if (mask[i] != 0) {
        if (found >= 0 || Long.bitCount(mask[i]) > 1) {
          return OptionalInt.empty();
        }
        found = (i << 6) + Long.numberOfTrailingZeros(mask[i]);
      }
    }
    return found < 0 ? OptionalInt.empty() : OptionalInt.of(found);
  }
}
