package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class TokenGrammarTest {
  private static final String JSON =
      """
      root   ::= value
      value  ::= object | array | string | number | "true" | "false" | "null"
      object ::= "{" ( pair ("," pair)* )? "}"
      pair   ::= string ":" " "? value
      array  ::= "[" ( value ("," value)* )? "]"
      string ::= "\\"" char{0,40} "\\""
      char   ::= [^"\\\\\\x00-\\x1f] | "\\\\" ["\\\\/bfnrt]
      number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)?
      """;

  private static Tokenizer tokenizer(String... path) throws IOException {
    try (var file =
        Gguf.open(TestData.file(path[0], java.util.Arrays.copyOfRange(path, 1, path.length)))) {
      return Tokenizer.of(file.metadata());
    }
  }

  /// The mask has a token if and only if its bytes can be read.
  @Test
  void masksHoldExactlyTheTokensThatFit(Random random) throws IOException {
    Tokenizer tokenizer = tokenizer("models", "stories260K.gguf");
    TokenTrie trie = TokenTrie.of(tokenizer);
    TokenGrammar grammar = Grammar.gbnf(JSON).over(trie);
    for (int round = 0; round < 30; round++) {
      TokenMatcher matcher = grammar.matcher();
      for (int step = 0; step < 60 && !matcher.mustEnd(); step++) {
        long[] allowed = matcher.allowed();
        int count = 0;
        int chosen = -1;
        for (int token = 0; token < tokenizer.vocabularySize(); token++) {
          boolean isAllowed = (allowed[token >> 6] >>> token & 1) != 0;
          assertEquals(matcher.copy().accept(token), isAllowed, tokenizer.piece(token));
          if (isAllowed && random.nextInt(++count) == 0) {
            chosen = token;
          }
        }
        assertTrue(count > 0, "there is always a way on");
        assertEquals(count == 1 ? OptionalInt.of(chosen) : OptionalInt.empty(), matcher.forced());
        assertTrue(matcher.accept(chosen));
        if (tokenizer.endsGeneration(chosen)) {
          assertTrue(matcher.mustEnd());
          break;
        }
      }
    }
  }

  @Test
  void aTextMayEndOnlyWhereTheGrammarSays() throws IOException {
    Tokenizer tokenizer = tokenizer("models", "stories260K.gguf");
    var matcher = Grammar.gbnf("root ::= \"ab\"").over(TokenTrie.of(tokenizer)).matcher();
    int end = tokenizer.eos().orElseThrow();
    assertFalse(matcher.accept(end));
    for (String letter : new String[] {"a", "b"}) {
      assertFalse(matcher.mayEnd());
      assertTrue(matcher.accept(tokenSpelled(tokenizer, letter)));
    }
    assertTrue(matcher.mayEnd());
    assertTrue(matcher.mustEnd());
    assertEquals(OptionalInt.of(end), matcher.forced());
    assertTrue(matcher.accept(end));
    assertFalse(matcher.accept(end));
  }

  private static int tokenSpelled(Tokenizer tokenizer, String text) {
    for (int token = 0; token < tokenizer.vocabularySize(); token++) {
      if (new String(tokenizer.bytes(token), StandardCharsets.UTF_8).equals(text)) {
        return token;
      }
    }
    throw new AssertionError("no token is spelled " + text);
  }
}
