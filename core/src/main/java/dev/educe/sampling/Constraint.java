package dev.educe.sampling;

import dev.educe.grammar.TokenGrammar;
import java.util.OptionalInt;

/// Which tokens a sequence may be made of: a grammar, as far as a text has come in it.
///
/// One for a sequence. It is told each token that was taken, in order and once, and nothing else
/// changes what it says. Called on the thread that runs the model: keep it short. An exception ends
/// its own request and no other.
public interface Constraint {
  /// The texts of a grammar, from their beginning.
  static Constraint of(TokenGrammar grammar) {
    var matcher = grammar.matcher();
    return new Constraint() {
      @Override
      public long[] allowed() {
        return matcher.allowed();
      }

      @Override
      public boolean accept(int token) {
        return matcher.accept(token);
      }

      @Override
      public boolean mustEnd() {
        return matcher.mustEnd();
      }
    };
  }

  /// The tokens that may come next, those that end the text where it may end.
  ///
  /// @return borrowed until [#accept]; token `id` is bit `id mod 64` of word `id / 64`, and tokens
  ///   beyond the last word may not come
  long[] allowed();

  /// Goes on by a token.
  ///
  /// @return whether it fits; if it does not, nothing has changed
  boolean accept(int token);

  /// Whether the text is complete: nothing but its end may follow.
  boolean mustEnd();

  /// The token that is meant where the model would rather write one that does not fit: as likely as
  /// the likeliest of those. Usually none: then what fits is all there is.
  default OptionalInt otherwise() {
    return OptionalInt.empty();
  }

  /// The only token that may come next, if there is just one.
  default OptionalInt forced() {
    int found = -1;
    long[] allowed = allowed();
    for (int word = 0; word < allowed.length; word++) {
      if (allowed[word] != 0) {
        if (found >= 0 || Long.bitCount(allowed[word]) > 1) {
          return OptionalInt.empty();
        }
        found = word * Long.SIZE + Long.numberOfTrailingZeros(allowed[word]);
      }
    }
    return found < 0 ? OptionalInt.empty() : OptionalInt.of(found);
  }
}
