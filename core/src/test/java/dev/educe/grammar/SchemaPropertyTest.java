package dev.educe.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a grammar writes, an independent validator accepts, and what that accepts, in canonical
/// form, the grammar reads.
@ExtendWith(Seeded.class)
class SchemaPropertyTest {
  private static final int VALUES = 12;
  private static final int TEXTS = 6;

  private int written;
  private int read;
  private int refused;

  @Test
  void someSchemas(Random random) {
    schemas(random, 2_000);
  }

  @Tag("slow")
  @Test
  void manySchemas(Random random) {
    schemas(random, 100_000);
  }

  private void schemas(Random random, int count) {
    for (int i = 0; i < count; i++) {
      schema(random);
    }
    String tally = "%d written, %d read, %d refused".formatted(written, read, refused);
    assertTrue(written > count && read > count && refused < count / 4, tally);
  }

  private void schema(Random random) {
    var draw = new RandomSchema(random);
    Object schema = draw.schema(2);
    String text = RandomSchema.text(schema);
    Grammar grammar;
    try {
      grammar = Grammar.schema(text, SchemaOptions.defaults());
    } catch (GrammarException problem) {
      refused++;
      String said = problem.getMessage();
      if (said.contains("minProperties") || said.contains("cannot be")) {
        return;
      }
      grammar = null; // nothing else is refused, unless no value is valid either
    }
    var validator = new SchemaValidator(text);
    for (int i = 0; i < VALUES; i++) {
      String value = RandomSchema.text(draw.value(schema, 2));
      if (validator.problems(value).isEmpty()) {
        Grammar held = grammar;
        assertTrue(
            held != null && held.accepts(value.getBytes(StandardCharsets.UTF_8)),
            () -> text + (held == null ? " is refused, fits " : " does not read ") + value);
        read++;
      }
    }
    for (int i = 0; i < TEXTS && grammar != null; i++) {
      String value = RandomText.of(grammar, random);
      assertEquals("", validator.problems(value), () -> text + " wrote " + value);
      written++;
    }
  }
}
