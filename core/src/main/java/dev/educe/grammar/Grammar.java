package dev.educe.grammar;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a text must look like. Immutable and thread-safe; joined to a vocabulary by [#over].
///
/// | made by | from |
/// |---|---|
/// | [#choice] | a list of texts |
/// | [#regex] | a regular expression |
/// | [#json] | any JSON |
/// | [#schema] | a JSON schema |
/// | [#of] | parts, one behind the other: texts, schemas, choices among them |
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

  /// The texts that a regular expression matches from beginning to end.
  ///
  /// @param text as ECMA-262 has it, without what looks around or back, see [RegexReader]
  /// @throws GrammarException if it is wrong or too large, with the position
  public static Grammar regex(String text) {
    return new Grammar(Regex.read(text).expression(Utf8::expression), Map.of());
  }

  /// Any JSON value.
  public static Grammar json() {
    return schema("true", SchemaOptions.defaults());
  }

  /// The JSON that a schema admits, in the schema's order and canonical form.
  ///
  /// @param schema JSON schema, draft 2020-12
  /// @throws GrammarException if it is wrong, asks for what cannot be enforced, or nothing fits it,
  ///   with a pointer to the place
  /// @throws java.util.concurrent.CancellationException if the thread is interrupted; so for the
  ///   other ways to make a grammar
  public static Grammar schema(String schema, SchemaOptions options) {
    var rules = new LinkedHashMap<String, Expression>();
    Expression root = SchemaCompiler.compile(schema, options, rules, "");
    return new Grammar(root, rules);
  }

  /// The texts of the rule `root`.
  ///
  /// @param text rules in GBNF, see [Gbnf]
  /// @throws GrammarException if it is wrong, with the line, or too large
  public static Grammar gbnf(String text) {
    Map<String, Expression> rules = Gbnf.parse(text);
    return new Grammar(new Expression.Rule("root"), rules);
  }

  /// The texts that a part and the parts in it describe.
  ///
  /// @throws GrammarException if a schema or an expression in it is wrong or cannot be enforced
  public static Grammar of(Part part) {
    var compiler = new PartCompiler();
    Expression root = compiler.compile(part);
    return new Grammar(root, compiler.rules());
  }

  /// Calls of tools as a family of models writes them.
  ///
  /// @throws GrammarException if a schema is wrong or cannot be enforced, with the tool's name
  public static Grammar tools(List<Tool> tools, ToolFormat format) {
    return of(format.calls(tools));
  }

  /// This grammar over the tokens of a vocabulary.
  public TokenGrammar over(TokenTrie vocabulary) {
    return new TokenGrammar(program, vocabulary);
  }

  /// Whether a whole text fits.
  ///
  /// @throws GrammarException if the grammar turns out too ambiguous
  public boolean accepts(byte[] text) {
    Automaton automaton = automaton();
    Automaton.State state = automaton.start();
    for (byte value : text) {
      state = automaton.step(state, value);
      if (state.isDead()) {
        return false;
      }
    }
    return state.isFinal;
  }

  /// One that runs it.
  Automaton automaton() {
    return new Automaton(program);
  }

  /// About how much memory it takes, apart from what its masks take.
  long bytes() {
    return program.bytes();
  }
}
