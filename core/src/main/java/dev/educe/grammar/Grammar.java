package dev.educe.grammar;

import java.util.List;
import java.util.Map;

/// What a text must look like. Immutable and thread-safe; joined to a vocabulary by [#over].
///
/// | made by | from |
/// |---|---|
/// | [#choice] | a list of texts |
/// | [#gbnf] | rules in the notation of llama.cpp |
public final class Grammar {
  private final Program program;

  Grammar(Expression root, Map<String, Expression> rules) {
    this.program = ProgramCompiler.compile(root, rules);
  }

  /// One of these texts.
  ///
  /// @throws GrammarException if there is none
  public static Grammar choice(List<String> texts) {
    if (texts.isEmpty()) {
      throw new GrammarException("a choice needs at least one text");
    }
    return new Grammar(Literals.anyOf(texts), Map.of());
  }

  /// The texts of the rule `root`.
  ///
  /// @param text rules in GBNF, see [Gbnf]
  /// @throws GrammarException if it is wrong, with the line, or too large
  public static Grammar gbnf(String text) {
    Map<String, Expression> rules = Gbnf.parse(text);
    return new Grammar(new Expression.Rule("root"), rules);
  }

  /// This grammar over the tokens of a vocabulary.
  public TokenGrammar over(TokenTrie vocabulary) {
    return new TokenGrammar(program, vocabulary);
  }

  /// Whether a whole text fits.
  ///
  /// @throws GrammarException if the grammar turns out too ambiguous
  public boolean accepts(byte[] text) {
    var automaton = new Automaton(program);
    Automaton.State state = automaton.start();
    for (byte value : text) {
      state = automaton.step(state, value);
      if (state.isDead()) {
        return false;
      }
    }
    return state.isFinal;
  }
}
