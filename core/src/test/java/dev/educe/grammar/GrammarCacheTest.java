package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class GrammarCacheTest {
  private static final long BYTES_MAX = 1 << 20;

  private static GrammarCache cache() throws IOException {
    return cache(BYTES_MAX);
  }

  private static GrammarCache cache(long bytesMax) throws IOException {
    try (var file = Gguf.open(TestData.file("models", "stories260K.gguf"))) {
      return new GrammarCache(TokenTrie.of(Tokenizer.of(file.metadata())), bytesMax);
    }
  }

  @Test
  void whatIsInUseStaysWhileThousandsComeAndGo() throws IOException {
    GrammarCache cache = cache();
    TokenGrammar kept = cache.regex("kept");
    for (int i = 0; i < 5_000; i++) {
      cache.regex("v" + i);
      assertSame(kept, cache.regex("kept"));
      assertTrue(cache.bytes() <= BYTES_MAX, () -> "holds " + cache.bytes());
    }
    assertTrue(cache.size() > 10 && cache.size() < 5_000, () -> cache.size() + " grammars");
    assertThrows(GrammarException.class, () -> cache.regex("("));
    assertThrows(GrammarException.class, () -> cache.regex("("));
  }

  @Test
  void aLongListOfToolsIsKept() throws IOException {
    var tools = new ArrayList<Tool>();
    for (int i = 0; i < 128; i++) {
      String note = "what it is for. ".repeat(130);
      tools.add(
          new Tool("tool" + i, "{\"type\":\"boolean\",\"description\":\"%s\"}".formatted(note)));
    }
    var none = new Part.Text("");
    var comma = new Part.Text(", ");
    var format = new ToolFormat(none, none, comma, none, none, none, 1, SchemaOptions.defaults());
    GrammarCache cache = cache(16 << 20);
    assertSame(cache.of(format.calls(tools)), cache.of(format.calls(tools)));
  }

  @Test
  void manyWhoAskAtOnceGetTheSame() throws Exception {
    GrammarCache cache = cache();
    var found = new ArrayList<Future<TokenGrammar>>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 64; i++) {
        found.add(
            threads.submit(() -> cache.schema("{\"type\":\"integer\"}", SchemaOptions.defaults())));
      }
    }
    for (var one : found) {
      assertSame(found.getFirst().get(), one.get());
    }
    assertEquals(1, cache.size());
  }

  @Test
  void whoGivesUpStopsCompiling() throws Exception {
    GrammarCache cache = cache();
    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, () -> cache.regex("abc"));
    assertTrue(Thread.interrupted());
    assertEquals(0, cache.size());
    cache.regex("abc");
  }
}
