package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Text;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class MetadataTest {
  private static final Map<String, MetadataValue> ONE_OF_EACH =
      new RandomGguf(new Random(7)).oneOfEach();

  /// One way to ask for a value, and which keys of [#ONE_OF_EACH] answer.
  private record Question(String wanted, Asking asking, Predicate<String> answers) {}

  private interface Asking {
    Object ask(Metadata metadata, String key) throws ModelFormatException;
  }

  private static final List<Question> QUESTIONS =
      List.of(
          new Question("a string", Metadata::string, "one.string"::equals),
          new Question("a string", Metadata::findString, "one.string"::equals),
          new Question("an integer", Metadata::integer, key -> key.matches("one.u?int.*")),
          new Question("an integer", Metadata::findInteger, key -> key.matches("one.u?int.*")),
          new Question("a float", Metadata::findNumber, key -> key.startsWith("one.float")),
          new Question("a bool", Metadata::findFlag, "one.bool"::equals),
          new Question("an array of strings", Metadata::findStrings, "many.string"::equals),
          new Question("an array of floats", Metadata::findFloats, key -> key.contains("y.float")),
          new Question(
              "an array of integers", Metadata::findIntegers, key -> key.matches("many.u?int.*")));

  @Test
  void everyWrongTypeIsNamedWithTheRightOne() throws ModelFormatException {
    var values = new java.util.LinkedHashMap<>(ONE_OF_EACH);
    values.put("one.uint64", new Int(IntType.UINT64, 5));
    values.put("many.uint64", new Ints(IntType.UINT64, new long[] {5}));
    var metadata = new Metadata("m.gguf", values);
    for (var question : QUESTIONS) {
      for (var entry : values.entrySet()) {
        String key = entry.getKey();
        if (question.answers().test(key)) {
          question.asking().ask(metadata, key);
        } else {
          var failure =
              assertThrows(
                  ModelFormatException.class, () -> question.asking().ask(metadata, key), key);
          assertEquals(
              "m.gguf: the metadata key '%s' must be %s, found %s"
                  .formatted(key, question.wanted(), entry.getValue().describe()),
              failure.getMessage());
        }
      }
    }
  }

  @Test
  void whatIsMissingIsEmptyOrNamed() throws ModelFormatException {
    var metadata = new Metadata("m.gguf", Map.of());
    assertEquals(Optional.empty(), metadata.findString("k"));
    assertEquals(OptionalLong.empty(), metadata.findInteger("k"));
    assertEquals(OptionalDouble.empty(), metadata.findNumber("k"));
    assertEquals(Optional.empty(), metadata.findFlag("k"));
    assertEquals(Optional.empty(), metadata.findStrings("k"));
    assertEquals(Optional.empty(), metadata.findFloats("k"));
    assertEquals(Optional.empty(), metadata.findIntegers("k"));
    assertEquals(
        "m.gguf: the metadata key 'k' is missing; it must be an integer",
        assertThrows(ModelFormatException.class, () -> metadata.integer("k")).getMessage());
    assertEquals(
        "m.gguf: the metadata key 'k' is missing; it must be a string",
        assertThrows(ModelFormatException.class, () -> metadata.string("k")).getMessage());
  }

  /// 2^63 is an integer, but not one that a long holds.
  @Test
  void unsignedNumbersBeyondALongAreRefused() {
    var metadata =
        new Metadata(
            "m.gguf",
            Map.of(
                "one", new Int(IntType.UINT64, Long.MIN_VALUE),
                "many", new Ints(IntType.UINT64, new long[] {1, Long.MIN_VALUE})));
    var failure = assertThrows(ModelFormatException.class, () -> metadata.integer("one"));
    assertTrue(failure.getMessage().endsWith("found uint64 9223372036854775808"));
    assertThrows(ModelFormatException.class, () -> metadata.findIntegers("many"));
  }

  @Test
  void nobodyCanChangeWhatWasRead() throws ModelFormatException {
    var given = new long[] {1, 2};
    var value = new Ints(IntType.INT32, given);
    var metadata = new Metadata("m.gguf", Map.of("k", value));
    given[0] = 9;
    value.values()[0] = 9;
    metadata.findIntegers("k").get()[0] = 9;
    assertArrayEquals(new long[] {1, 2}, metadata.findIntegers("k").get());
    assertThrows(UnsupportedOperationException.class, () -> metadata.keys().clear());
  }

  /// A terminal obeys control characters, and a file must not be able to send any.
  @Test
  void descriptionsAreShortAndTame() {
    String hostile = "\u001b[2J\u009b2J" + "long ".repeat(1000);
    String description = new Text(hostile).describe();
    assertTrue(description.length() < 60, description);
    assertFalse(description.chars().anyMatch(Character::isISOControl), description);
  }
}
