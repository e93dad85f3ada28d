/// Grammars to masks over tokens: what a model may say next, so that its output always fits.
///
/// A front end ([dev.educe.grammar.Gbnf], a schema, a pattern) turns a stranger's text into an
/// [dev.educe.grammar.Expression] over bytes. [dev.educe.grammar.ProgramCompiler] lowers it to a
/// [dev.educe.grammar.Program], a graph of small instructions with calls and counters.
/// [dev.educe.grammar.Automaton] runs it byte by byte, making its states when they are first
/// reached; [dev.educe.grammar.TokenGrammar] walks the vocabulary's [dev.educe.grammar.TokenTrie]
/// with it. Everything that a stranger wrote is bounded: depth, size, and the number of ways that a
/// text can be read at once.
package dev.educe.grammar;
