package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Grammars that strangers would send: refused with a sentence, or run within bounds.
class HostileGrammarTest {
  private static final int RULES = 100_000;

  private static TokenTrie trie() throws IOException {
    try (var file = Gguf.open(TestData.file("models", "stories260K.gguf"))) {
      return TokenTrie.of(Tokenizer.of(file.metadata()));
    }
  }

  private static String refusal(String gbnf) {
    return assertThrows(GrammarException.class, () -> Grammar.gbnf(gbnf), gbnf).getMessage();
  }

  private static boolean accepts(String gbnf, String text) {
    return Grammar.gbnf(gbnf).accepts(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void whatBeginsWithItselfIsRefused() {
    for (String left :
        List.of(
            "root ::= root \"a\" | \"a\"",
            "root ::= a \"x\"\na ::= b \"y\" | \"a\"\nb ::= root | \"b\"",
            "root ::= (\"x\"?) root \"a\" | \"a\"",
            "root ::= (\"\")* root \"a\" | \"a\"")) {
      assertTrue(refusal(left).contains("begins with itself"), left);
    }
    assertTrue(refusal("root ::= \"a\" root").contains("no text"));
    assertTrue(refusal("root ::= missing").contains("never defined"));
  }

  @Test
  void loopsThatTurnWithoutReadingEnd() {
    assertTrue(accepts("root ::= ((\"\")*)* \"a\"", "a"));
    assertTrue(accepts("root ::= ((\"a\"?)*)*", "aaaa"));
    assertTrue(accepts("root ::= ((\"a\"*){0,1000000000}){2,5}", "aaa"));
    assertTrue(accepts("root ::= \"a\"\nunused ::= unused2 \"b\"\nunused2 ::= \"c\"", "a"));
  }

  @Test
  void aHundredThousandRulesAreReadOrRefused() throws IOException {
    var chain = new StringBuilder("root ::= r0\n");
    var fan = new StringBuilder("root ::= r0");
    for (int i = 0; i < RULES; i++) {
      chain.append("r%d ::= \"a\" r%d | \"b\"\n".formatted(i, (i + 1) % RULES));
      fan.append(i == 0 ? "" : " | r" + i);
    }
    assertTrue(accepts(chain.toString(), "a".repeat(1_000) + "b"));
    for (int i = 0; i < RULES; i++) {
      fan.append("\nr%d ::= \"x\" \"%d\"".formatted(i, i));
    }
    // As many ways at once are too many; the request that asks for it fails, with a sentence.
    var matcher = Grammar.gbnf(fan.toString());
    var problem =
        assertThrows(GrammarException.class, () -> matcher.over(trie()).matcher().allowed());
    assertTrue(problem.getMessage().contains("too ambiguous"), problem.getMessage());
  }

  @Test
  void ambiguityIsBoundedWhileMasksAreMade() throws IOException {
    TokenTrie trie = trie();
    for (String bomb :
        List.of(
            "root ::= (\"a\" | \"a\" \"a\" | \"a\" \"a\" \"a\")*",
            "root ::= s\ns ::= \"a\" s \"a\" | \"a\" s | \"a\"",
            "root ::= (([a-z]{1,1000}){1,1000}){1,1000}")) {
      TokenMatcher matcher = Grammar.gbnf(bomb).over(trie).matcher();
      try {
        for (int i = 0; i < 200; i++) {
          long[] allowed = matcher.allowed();
          int token = 64 * allowed.length - 1; // the last is no token that ends
          while ((allowed[token >> 6] >>> token & 1) == 0) {
            token--;
          }
          assertTrue(matcher.accept(token));
        }
      } catch (GrammarException refused) {
        assertTrue(refused.getMessage().contains("too ambiguous"), bomb);
      }
    }
  }

  @Test
  void aTextThatIsCompleteLeavesTokensThatEnd() throws IOException {
    var end = Grammar.gbnf("root ::= \"\"").over(trie()).matcher();
    int bits = 0;
    for (long word : end.allowed()) {
      bits += Long.bitCount(word);
    }
    assertTrue(end.mustEnd() && end.mayEnd());
    assertTrue(bits > 0, "only tokens that end are left");
    for (int token = 0; token < 64 * end.allowed().length; token++) {
      if ((end.allowed()[token >> 6] >>> token & 1) != 0) {
        assertTrue(end.copy().accept(token), "token " + token);
      }
    }
  }

  @Test
  void sixtyFourWhoCompileAtOnceAllEnd() throws Exception {
    var cache = new GrammarCache(trie(), 8 << 20);
    var started = new CountDownLatch(64);
    var found = new ArrayList<Future<?>>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 64; i++) {
        String schema = SchemaTest.json("{'enum':['%d'],'maxLength':9}".formatted(i));
        int number = i;
        found.add(
            threads.submit(() -> {
              started.countDown();
              started.await();
              if (number % 4 == 0) {
                Thread.currentThread().interrupt();
              }
              return cache.schema(schema, SchemaOptions.defaults());
            }));
      }
    }
    for (int i = 0; i < 64; i++) {
      if (i % 4 == 0) {
        assertEquals(CancellationException.class, found.get(i).exceptionNow().getClass());
      } else {
        found.get(i).get();
      }
    }
    assertEquals(48, cache.size());
  }

  @Tag("slow")
  @Test
  void aMillionGrammarsLeaveTheOneInUse() throws IOException {
    var cache = new GrammarCache(trie(), 1 << 20);
    TokenGrammar kept = cache.regex("kept");
    for (int i = 0; i < 1_000_000; i++) {
      cache.regex("v" + i);
      assertEquals(kept, cache.regex("kept"));
      assertTrue(i % 1_000 != 0 || cache.bytes() <= 1 << 20, () -> "holds " + cache.bytes());
    }
  }
}
