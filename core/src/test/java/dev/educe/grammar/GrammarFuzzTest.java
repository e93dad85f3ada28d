package dev.educe.grammar;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;

/// Whatever the text is: it becomes a grammar or a [GrammarException], soon and in little memory,
/// and the grammar can be run.
@Tag("fuzz")
class GrammarFuzzTest {
  private static final int TEXT_MAX = 4_000;
  private static final long NANOS_MAX = 10_000_000_000L;

  @FuzzTest(maxDuration = "10s")
  void anySchema(byte[] bytes) {
    String text = text(bytes);
    make(() -> Grammar.schema(text, SchemaOptions.defaults()));
  }

  @FuzzTest(maxDuration = "10s")
  void anyRegex(byte[] bytes) {
    String text = text(bytes);
    make(() -> Grammar.regex(text));
  }

  @FuzzTest(maxDuration = "10s")
  void anyGbnf(byte[] bytes) {
    String text = text(bytes);
    make(() -> Grammar.gbnf(text));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, 0, Math.min(bytes.length, TEXT_MAX), StandardCharsets.UTF_8);
  }

  private static void make(Supplier<Grammar> grammar) {
    long start = System.nanoTime();
    try {
      grammar.get().accepts("{\"a\": [1, true]}".getBytes(StandardCharsets.UTF_8));
    } catch (GrammarException declared) {
      // The only exception there may be.
    }
    if (System.nanoTime() - start > NANOS_MAX) {
      throw new AssertionError("it took more than %,d ns".formatted(NANOS_MAX));
    }
  }
}
